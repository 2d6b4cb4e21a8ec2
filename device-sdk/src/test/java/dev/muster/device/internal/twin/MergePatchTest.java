/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.internal.twin;

import static org.assertj.core.api.Assertions.assertThat;

import dev.muster.device.internal.json.Json;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MergePatchTest {
  private static Map<String, Object> json(String text) {
    return Json.parseObject(text.replace('\'', '"').getBytes(StandardCharsets.UTF_8));
  }

  private static List<Map<String, Object>> appended(List<Map<String, Object>> patches) {
    return MergePatch.concat(List.of(), patches);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{'a':1,'b':1}      | {'b':2,'c':null}   | {'a':1,'b':2,'c':null}",
        "{'a':{'b':1}}      | {'a':{'c':null}}   | {'a':{'b':1,'c':null}}",
        "{'a':{'b':1}}      | {'a':null}         | {'a':null}",
        "{'a':{'b':1}}      | {'a':[2]}          | {'a':[2]}",
        "{'b':1}            | {'a':{'c':1}}      | {'b':1,'a':{'c':1}}",
      })
  void append_oneHasTheEffectOfBoth_areJoined(String first, String second, String joined) {
    assertThat(appended(List.of(json(first), json(second)))).containsExactly(json(joined));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{'a':null}         | {'a':{'b':1}}",
        "{'a':1}            | {'a':{'b':1}}",
        "{'a':[1]}          | {'a':{}}",
        "{'x':{'a':null}}   | {'x':{'a':{'b':1}}}",
      })
  void append_objectInPlaceOfWhatIsNone_staysApart(String first, String second) {
    assertThat(appended(List.of(json(first), json(second))))
        .containsExactly(json(first), json(second));
  }

  @Test
  void append_toAndFro_doesNotGrow() {
    List<Map<String, Object>> patches = List.of();
    for (int i = 0; i < 100; i++) {
      patches = MergePatch.append(patches, json("{'a':null}"));
      patches = MergePatch.append(patches, json("{'a':{'b':1}}"));
    }
    assertThat(patches).containsExactly(json("{'a':null}"), json("{'a':{'b':1}}"));
  }

  @Test
  void append_anything_hasTheEffectOfOneAfterTheOther() {
    Random random = new Random(1);
    for (int round = 0; round < 2_000; round++) {
      List<Map<String, Object>> patches = new ArrayList<>();
      for (int i = random.nextInt(5); i >= 0; i--) {
        patches.add(anyObject(random, 3));
      }
      Map<String, Object> before = applied(Map.of(), anyObject(random, 3));

      assertThat(applied(before, appended(patches)))
          .as("%s", patches)
          .isEqualTo(applied(before, patches));
    }
  }

  private static Map<String, Object> anyObject(Random random, int depth) {
    Map<String, Object> object = new LinkedHashMap<>();
    for (int i = random.nextInt(3); i > 0; i--) {
      String name = random.nextBoolean() ? "a" : "b";
      object.put(
          name,
          switch (random.nextInt(3)) {
            case 0 -> null;
            case 1 -> random.nextLong(3);
            default -> depth == 0 ? List.of() : anyObject(random, depth - 1);
          });
    }
    return object;
  }

  private static Object applied(Map<String, Object> before, List<Map<String, Object>> patches) {
    Map<String, Object> target = before;
    for (Map<String, Object> patch : patches) {
      target = applied(target, patch);
    }
    return target;
  }

  /** The algorithm of RFC 7396, 2. */
  @SuppressWarnings("unchecked")
  private static Map<String, Object> applied(Object before, Map<String, Object> patch) {
    Map<String, Object> target = before instanceof Map
        ? new LinkedHashMap<>((Map<String, Object>) before)
        : new LinkedHashMap<>();
    patch.forEach((name, value) -> {
      if (value == null) {
        target.remove(name);
      } else if (value instanceof Map) {
        target.put(name, applied(target.get(name), (Map<String, Object>) value));
      } else {
        target.put(name, value);
      }
    });
    return target;
  }
}
