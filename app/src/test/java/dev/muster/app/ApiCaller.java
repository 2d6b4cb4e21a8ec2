/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.networknt.schema.SchemaLocation;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import dev.muster.app.backend.Endpoints;
import dev.muster.app.operator.OperatorClient;
import dev.muster.app.operator.TrustedRoots;
import dev.muster.protocol.file.PemFile;
import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;

/**
 * Asks a muster by the names of the operations in its OpenAPI document, and holds each answer
 * against what the document says of it: by a validator that is not ours, and leaving no member
 * unmentioned.
 */
final class ApiCaller {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String PLACE = "https://muster.test/openapi.json";
  private static final Pattern VARIABLE = Pattern.compile("\\{(\\w+)}");

  private final Path data;
  private final HttpClient http;
  private final String bearer;
  private final Map<String, Operation> operations = new TreeMap<>();
  private final Set<String> answered = new TreeSet<>();
  private final JsonNode document;
  private final SchemaRegistry schemas;

  /** An operation of the document. */
  record Operation(String id, String method, String path, JsonNode json) {}

  ApiCaller(Path data) throws IOException {
    this.data = data;
    this.bearer = "Bearer " + Files.readString(data.resolve("admin-token")).strip();
    this.http = HttpClient.newBuilder()
        .sslContext(TrustedRoots.tls(PemFile.certificates(data.resolve("trust/root.pem")), null))
        .version(HttpClient.Version.HTTP_1_1)
        .build();
    this.document = JSON.readTree(asKeyHolder("/openapi.json").body());
    for (Map.Entry<String, JsonNode> path : document.path("paths").properties()) {
      for (Map.Entry<String, JsonNode> method : path.getValue().properties()) {
        String id = method.getValue().path("operationId").asText();
        operations.put(
            id,
            new Operation(
                id, method.getKey().toUpperCase(Locale.ROOT), path.getKey(), method.getValue()));
      }
    }
    JsonNode closed = document.deepCopy();
    close(closed);
    String text = closed.toString();
    this.schemas = SchemaRegistry.withDefaultDialect(
        SpecificationVersion.DRAFT_2020_12, builder -> builder.schemas(Map.of(PLACE, text)));
  }

  /** What the document does not mention is not to be there; clients need not hold to that. */
  private static void close(JsonNode node) {
    if (node instanceof ObjectNode object
        && object.path("properties").isObject()
        && !object.has("additionalProperties")) {
      object.put("additionalProperties", false);
    }
    node.forEach(ApiCaller::close);
  }

  Map<String, Operation> operations() {
    return operations;
  }

  /** What was answered with success at least once. */
  Set<String> answered() {
    return answered;
  }

  /** A parameter or another part that the document may refer to. */
  JsonNode follow(JsonNode node) {
    return node.has("$ref") ? document.at(node.path("$ref").asText().substring(1)) : node;
  }

  Call call(String operation, String... pathAndQuery) {
    return new Call(operations.get(operation), pathAndQuery);
  }

  /** One request. */
  final class Call {
    private final Operation operation;
    private final Map<String, String> headers = new LinkedHashMap<>();
    private String path;
    private String body;

    /** @param values of the variables of the path; what is left over is the query */
    private Call(Operation operation, String... values) {
      this.operation = operation;
      this.path = operation.path();
      headers.put("Authorization", bearer);
      int next = 0;
      while (VARIABLE.matcher(path).find()) {
        path = VARIABLE
            .matcher(path)
            .replaceFirst(OperatorClient.segment(values[next++]).replace("$", "\\$"));
      }
      if (next < values.length) {
        path += "?" + values[next];
      }
    }

    Call header(String name, String value) {
      headers.put(name, value);
      return this;
    }

    /** By nobody. */
    Call stranger() {
      headers.remove("Authorization");
      return this;
    }

    Call as(String cookie, String csrf) {
      return stranger().header("Cookie", cookie).header("X-CSRF-Token", csrf);
    }

    Call body(String text) {
      this.body = text;
      return header(
          "Content-Type",
          operation.json().at("/requestBody/content").fieldNames().next());
    }

    /** As {@link #body}, with ' for ". */
    Call json(String text) {
      return body(text.replace('\'', '"'));
    }

    JsonNode expect(int status) {
      try {
        HttpResponse<String> response = response(status);
        return response.body().isEmpty() || !isJson(response)
            ? JSON.createObjectNode().put("text", response.body())
            : JSON.readTree(response.body());
      } catch (IOException e) {
        throw new IllegalStateException(e);
      }
    }

    HttpResponse<String> response(int status) throws IOException {
      HttpResponse<String> response = answer();
      assertThat(response.statusCode()).as(what(response)).isEqualTo(status);
      return response;
    }

    /** Whatever it is, as long as it is described. */
    HttpResponse<String> answer() {
      HttpRequest.Builder request = request(path);
      headers.forEach(request::setHeader);
      request.method(
          operation.method(),
          body == null
              ? HttpRequest.BodyPublishers.noBody()
              : HttpRequest.BodyPublishers.ofString(body));
      HttpResponse<String> response = send(request.build());
      check(response);
      if (response.statusCode() < 300) {
        answered.add(operation.id());
      }
      return response;
    }

    private String what(HttpResponse<String> response) {
      return operation.method() + " " + path + ": " + response.body();
    }

    private void check(HttpResponse<String> response) {
      String what = what(response);
      JsonNode all = operation.json().path("responses");
      String status = Integer.toString(response.statusCode());
      assertThat(all.has(status) || response.statusCode() >= 400).as(what).isTrue();
      JsonNode content = follow(all.path(all.has(status) ? status : "default")).path("content");
      if (response.body().isEmpty() && content.isMissingNode()) {
        return;
      }
      String type = type(response);
      assertThat(content.has(type)).as("%s; is %s", what, type).isTrue();
      if (isJson(response)) {
        String holder = all.path(all.has(status) ? status : "default").has("$ref")
            ? "/components/responses/Problem"
            : "/paths/" + pointer(operation.path()) + "/"
                + operation.method().toLowerCase(Locale.ROOT) + "/responses/"
                + (all.has(status) ? status : "default");
        assertThat(schemas
                .getSchema(SchemaLocation.of(
                    PLACE + "#" + holder + "/content/" + pointer(type) + "/schema"))
                .validate(response.body(), com.networknt.schema.InputFormat.JSON))
            .as(what)
            .isEmpty();
      }
    }
  }

  private static String type(HttpResponse<String> response) {
    return response.headers().firstValue("Content-Type").orElse("none").split(";")[0];
  }

  private static boolean isJson(HttpResponse<String> response) {
    return type(response).endsWith("json") && !type(response).contains("ndjson");
  }

  private static String pointer(String text) {
    return text.replace("~", "~0").replace("/", "~1").replace("{", "%7B").replace("}", "%7D");
  }

  private HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(Endpoints.read(data).operatorUrl().resolve("/api/v1" + path));
  }

  private HttpResponse<String> asKeyHolder(String path) {
    return send(request(path).header("Authorization", bearer).build());
  }

  private HttpResponse<String> send(HttpRequest request) {
    try {
      return http.send(request, HttpResponse.BodyHandlers.ofString());
    } catch (IOException | InterruptedException e) {
      throw new IllegalStateException(request.uri().toString(), e);
    }
  }

  /** Whatever the answer is. */
  JsonNode get(String path) throws IOException {
    String body = asKeyHolder(path).body();
    return body.startsWith("{") ? JSON.readTree(body) : JSON.createObjectNode();
  }

  HttpClient http() {
    return http;
  }
}
