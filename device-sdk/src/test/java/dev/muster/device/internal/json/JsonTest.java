/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.internal.json;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JsonTest {
  private static Object parse(String text) {
    return Json.parse(text.getBytes(StandardCharsets.UTF_8));
  }

  private static String write(Object value) {
    return new String(Json.write(value), StandardCharsets.UTF_8);
  }

  @Test
  void parse_everyKind_isAPlainValue() {
    assertThat(parse(" {\"a\": [1, -2.5e1, true, false, null, \"x\\u00e9\\n\\\"\"], \"b\": {}} "))
        .isEqualTo(
            Map.of("a", Arrays.asList(1L, -25.0, true, false, null, "x\u00e9\n\""), "b", Map.of()));
  }

  @Test
  void parse_longNumber_isADouble() {
    assertThat(parse("123456789012345678")).isEqualTo(123456789012345678L);
    assertThat(parse("1234567890123456789")).isEqualTo(1.2345678901234568e18);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "{",
        "[1,]",
        "{\"a\":1,}",
        "{\"a\":1 \"b\":2}",
        "01",
        "1.",
        "+1",
        "nul",
        "\"a",
        "\"\\x\"",
        "\"\\u12g4\"",
        "1 2",
        "{\"a\":1,\"a\":2}",
        "{a:1}",
        "\"\u0001\"",
        "1e999",
        "NaN",
        "]"
      })
  void parse_anythingElse_isRefused(String text) {
    assertThatThrownBy(() -> parse(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("JSON: ");
  }

  @Test
  void parse_tooDeep_isRefused() {
    assertThatThrownBy(() -> parse("[".repeat(100_000))).hasMessageContaining("deeper than 20");
  }

  @Test
  void parse_randomDamage_isAValueOrRefused() {
    String text =
        "{\"version\":3,\"desired\":{\"led\":[true,1.5e3,\"x\\u0041\",null]},\"b\":false}";
    Random random = new Random(1);
    for (int i = 0; i < 20_000; i++) {
      byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
      for (int n = 1 + random.nextInt(3); n > 0; n--) {
        bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
      }
      try {
        Json.parse(bytes);
      } catch (IllegalArgumentException expected) {
        assertThat(expected).hasMessageStartingWith("JSON: ");
      }
    }
  }

  @Test
  void write_everyKind_isReadBackTheSame() {
    Map<String, Object> value =
        Map.of("n", List.of(1L, 2.5, "\u0001\\\"\u20ac", true), "o", Map.of("p", "q"));

    assertThat(parse(write(value))).isEqualTo(value);
    assertThat(write(7)).isEqualTo("7");
  }

  @Test
  void write_whatJsonDoesNotKnow_isRefused() {
    assertThatThrownBy(() -> write(Double.NaN)).hasMessageContaining("a finite number");
    assertThatThrownBy(() -> write(new Object())).hasMessageContaining("java.lang.Object");
  }
}
