/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.openapi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class OpenApiTest {
  private static final JsonObject DOCUMENT = OpenApi.load().document();
  private static final References REFERENCES = new References(DOCUMENT);

  private static List<JsonObject> operations() {
    List<JsonObject> all = new ArrayList<>();
    DOCUMENT
        .getJsonObject("paths")
        .forEach(path -> ((JsonObject) path.getValue())
            .forEach(method -> all.add((JsonObject) method.getValue())));
    return all;
  }

  @Test
  void document_namesEachOperationOnce_withTagsItExplains() {
    assertThat(operations())
        .extracting(operation -> operation.getString("operationId"))
        .doesNotHaveDuplicates()
        .allMatch(id -> id.matches("[a-z][A-Za-z]+"));
    List<String> tags = DOCUMENT.getJsonArray("tags").stream()
        .map(tag -> ((JsonObject) tag).getString("name"))
        .toList();
    assertThat(operations())
        .allSatisfy(operation ->
            assertThat(operation.getJsonArray("tags").stream()).hasSize(1).isSubsetOf(tags))
        .allSatisfy(operation ->
            assertThat(operation.getJsonObject("responses").fieldNames()).contains("default"));
  }

  @Test
  void document_refersToWhatIsThere_andToAllOfIt() {
    String text = DOCUMENT.encode();
    for (String kind : List.of("schemas", "parameters", "responses")) {
      for (Map.Entry<String, Object> one :
          DOCUMENT.getJsonObject("components").getJsonObject(kind)) {
        String reference = "#/components/" + kind + "/" + one.getKey();
        assertThat(text).contains("\"" + reference + "\"");
        text = text.replace("\"" + reference + "\"", "\"\"");
      }
    }
    assertThat(text).doesNotContain("#/components");
  }

  /** Else what the document says of a request would not be what is checked. */
  @Test
  void requests_sayNothingThatIsNotChecked() {
    assertThat(operations())
        .allSatisfy(operation -> assertThatCode(() -> new RequestCheck(operation, REFERENCES))
            .doesNotThrowAnyException());
    assertThatThrownBy(() -> schema("{\"multipleOf\": 2}"))
        .hasMessageContaining("multipleOf is not checked");
  }

  private static Schema schema(String json) {
    return new Schema(new JsonObject(json), REFERENCES);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{'type':'string'}                         | 5          | a: expected a text",
        "{'type':['string','null']}                | 5          | a: expected a text",
        "{'type':'integer','minimum':1,'maximum':9}| 10         | a: \"10\" (expected: 1 to 9)",
        "{'type':'integer','minimum':1,'maximum':9}| 1.5        | a: expected a whole number",
        "{'type':'boolean'}                        | 'true'     | a: expected true or false",
        "{'enum':['x','y',null]}                   | 'z'        | a: \"z\" (expected: x, y)",
        "{'pattern':'[a-c]+'}                      | 'abcd'     | a: \"abcd\" (expected: of the form [a-c]+)",
        "{'type':'string','minLength':1}           | ''         | a: absent (expected: a text)",
        "{'maxLength':2}                           | 'abc'      | a: \"abc\" (expected: at most 2 characters)",
        "{'type':'array','items':{'type':'string'}}| ['x',5]    | a: expected a text",
        "{'type':'array','maxItems':1}             | ['x','y']  | a: 2 of them (expected: 0 to 1)",
        "{'additionalProperties':{'type':'string'}}| {'n':5}    | a.n: expected a text",
        "{'additionalProperties':false}            | {'n':5}    | \"a.n\": no member of the body (expected: none)",
        "{'properties':{'n':{'type':'object'}},'required':['n']} | {} | a.n: absent (expected: an object)",
      })
  void value_thatIsNotAsDescribed_isRefusedInWords(String schema, String value, String refusal) {
    Schema members = schema("{\"properties\":{\"a\":" + schema.replace('\'', '"') + "}}");
    JsonObject body = new JsonObject("{\"a\":" + value.replace('\'', '"') + "}");
    assertThatThrownBy(() -> members.checkBody(body)).hasMessage(refusal);
  }

  @Test
  void value_thatIsAsDescribed_isTaken() {
    Schema members = schema("""
        {"properties": {"a": {"type": ["string", "null"]}, "b": {"type": "array"}, "c": {}},
         "additionalProperties": false}""");
    members.checkBody(new JsonObject().putNull("a").put("b", new JsonArray()).put("c", 1.5));
    members.checkBody(new JsonObject());
  }
}
