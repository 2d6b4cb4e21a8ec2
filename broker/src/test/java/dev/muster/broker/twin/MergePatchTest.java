/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.twin;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.muster.broker.state.StrictJson;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MergePatchTest {
  private static ObjectNode json(String text) {
    return StrictJson.readObject("test", text.replace('\'', '"').getBytes(StandardCharsets.UTF_8));
  }

  /** RFC 7396, appendix A, as far as both are objects. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{'a':'b'}           | {'a':'c'}                   | {'a':'c'}",
        "{'a':'b'}           | {'b':'c'}                   | {'a':'b','b':'c'}",
        "{'a':'b'}           | {'a':null}                  | {}",
        "{'a':'b','b':'c'}   | {'a':null}                  | {'b':'c'}",
        "{'a':['b']}         | {'a':'c'}                   | {'a':'c'}",
        "{'a':'c'}           | {'a':['b']}                 | {'a':['b']}",
        "{'a':{'b':'c'}}     | {'a':{'b':'d','c':null}}    | {'a':{'b':'d'}}",
        "{'a':[{'b':'c'}]}   | {'a':[1]}                   | {'a':[1]}",
        "{'e':null}          | {'a':1}                     | {'e':null,'a':1}",
        "{}                  | {'a':{'bb':{'ccc':null}}}   | {'a':{'bb':{}}}",
      })
  void apply_isAsTheRfcSays(String target, String patch, String result) {
    assertThat(MergePatch.apply(json(target), json(patch))).isEqualTo(json(result));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{'a':1}             | {}                          | {'a':1}",
        "{'a':1}             | {'a':1.0,'b':2}             | {}",
        "{'a':1e300}         | {'a':2}                     | {'a':1e300}",
        "{'a':[1,2]}         | {'a':[2,1]}                 | {'a':[1,2]}",
        "{'a':{'b':1,'c':2}} | {'a':{'b':1}}               | {'a':{'c':2}}",
        "{'a':{'b':1}}       | {'a':7}                     | {'a':{'b':1}}",
        "{'a':'1'}           | {'a':1}                     | {'a':'1'}",
      })
  void delta_isWhatIsMissing(String desired, String reported, String delta) {
    assertThat(MergePatch.delta(json(desired), json(reported))).isEqualTo(json(delta));
  }

  @Test
  void device_thatTakesOverEachDelta_isAsItShouldBe() {
    Random random = new Random(7);
    ObjectNode actual = json("{}");
    for (int i = 0; i < 500; i++) {
      ObjectNode wanted = random(random, 3);
      actual = MergePatch.apply(actual, MergePatch.delta(wanted, actual));
      assertThat(MergePatch.delta(wanted, actual)).isEmpty();
    }
  }

  private static ObjectNode random(Random random, int depth) {
    ObjectNode object = json("{}");
    for (int i = random.nextInt(4); i > 0; i--) {
      String name = String.valueOf((char) ('a' + random.nextInt(4)));
      if (depth > 0 && random.nextBoolean()) {
        object.set(name, random(random, depth - 1));
      } else {
        object.put(name, random.nextInt(3));
      }
    }
    return object;
  }
}
