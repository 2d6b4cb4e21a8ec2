/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.telemetry;

import static org.assertj.core.api.Assertions.assertThat;

import dev.muster.protocol.telemetry.Measurement;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TelemetryCodecTest {
  private static final Instant NOW = Instant.parse("2026-11-21T12:00:00Z");

  private static Reading decode(String payload, String contentType) {
    return TelemetryCodec.decode(payload.getBytes(StandardCharsets.UTF_8), contentType, NOW);
  }

  private static String show(Reading reading) {
    if (reading instanceof Reading.Unreadable unreadable) {
      return "unreadable: " + unreadable.reason();
    }
    List<Measurement> measurements = ((Reading.Readable) reading).measurements();
    return measurements.stream()
        .map(m -> m.metric() + "=" + show(m.value()))
        .collect(Collectors.joining(" "));
  }

  private static String show(Measurement.Value value) {
    if (value instanceof Measurement.Value.Number number) {
      return Double.toString(number.number());
    }
    return value instanceof Measurement.Value.Text text
        ? "'" + text.text() + "'"
        : Boolean.toString(((Measurement.Value.Bool) value).bool());
  }

  @ParameterizedTest
  @ValueSource(
      ints = {0, 0x1b, 0x7f, 0x85, 0x9b, 0xad, 0x200b, 0x202e, 0x2028, 0x2029, 0x2066, 0xfeff})
  void nameWithACharacterThatSteers_isUnreadable(int character) {
    String escaped = String.format("\\u%04x", character);
    assertThat(show(decode("{\"a" + escaped + "\":1}", null))).startsWith("unreadable: metric");
    assertThat(show(decode("[{\"n\":\"t\",\"u\":\"C" + escaped + "\",\"v\":1}]", null)))
        .startsWith("unreadable: unit");
    assertThat(show(decode("[{\"bu\":\"C" + escaped + "\"},{\"n\":\"t\",\"v\":1}]", null)))
        .startsWith("unreadable: unit");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "21.5                                         | value=21.5",
        " -3                                          | value=-3.0",
        "{\"a\":1,\"b\":\"x\",\"c\":true,\"d\":null}  | a=1.0 b='x' c=true",
        "[{\"bn\":\"r:\",\"n\":\"t\",\"v\":2},{\"n\":\"on\",\"vb\":false},{\"n\":\"s\",\"vs\":\"x\"}] | r:t=2.0 r:on=false r:s='x'",
        "[{\"n\":\"t\",\"v\":2,\"ignored\":{\"deep\":[1]}}] | t=2.0"
      })
  void payload_ofEachForm_isRead(String payload, String expected) {
    assertThat(show(decode(payload, null))).isEqualTo(expected.strip());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " ",
        "null",
        "true",
        "\"text\"",
        "{",
        "{}",
        "[]",
        "[1]",
        "{\"a\":{}}",
        "{\"a\":[1]}",
        "{\"a\":1,\"a\":2}",
        "{\"a\":1e999}",
        "1e999",
        "NaN",
        "1 2",
        "{\"\":1}",
        "{\"a\\u0000\":1}",
        "[{\"n\":\"t\",\"v\":1,\"x_\":1}]",
        "[{\"n\":\"t\",\"v\":1,\"v\":2}]",
        "[{\"n\":\"t\",\"v\":\"1\"}]",
        "[{\"n\":\"t\",\"v\":1,\"vs\":\"x\"}]",
        "[{\"n\":\"t\",\"vd\":\"AAAA\"}]",
        "[{\"n\":\"t\",\"v\":1,\"bver\":11}]",
        "[{\"n\":\"t\"}]"
      })
  void payload_thatCannotBeRead_saysWhy(String payload) {
    assertThat(decode(payload, null))
        .isInstanceOfSatisfying(
            Reading.Unreadable.class, it -> assertThat(it.reason()).isNotBlank());
  }

  @Test
  void payload_tooDeepOrTooMuch_isUnreadable() {
    String deep = "[{\"n\":\"t\",\"v\":1,\"x\":" + "[".repeat(100) + "]".repeat(100) + "}]";
    String wide = IntStream.range(0, 257)
        .mapToObj(i -> "\"m" + i + "\":1")
        .collect(Collectors.joining(",", "{", "}"));
    String many = "[" + "{\"n\":\"t\",\"v\":1},".repeat(256) + "{\"n\":\"t\",\"v\":1}]";
    for (String payload : List.of(deep, wide, many)) {
      assertThat(decode(payload, null)).isInstanceOf(Reading.Unreadable.class);
    }
  }

  @Test
  void contentType_goesBeforeTheFirstByte() {
    assertThat(show(decode("{\"a\":1}", "application/senml+json"))).contains("not SenML");
    assertThat(show(decode("{\"a\":1}", "application/json; charset=utf-8"))).isEqualTo("a=1.0");
    assertThat(show(decode("1", "application/senml+cbor"))).startsWith("unreadable");
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5})
  void randomBytes_neverThrow(long seed) {
    Random random = new Random(seed);
    for (int i = 0; i < 2_000; i++) {
      byte[] bytes = new byte[random.nextInt(40)];
      random.nextBytes(bytes);
      if (bytes.length > 0 && random.nextBoolean()) {
        bytes[0] = (byte) "[{1".charAt(random.nextInt(3));
      }
      assertThat(TelemetryCodec.decode(bytes, null, NOW)).isNotNull();
    }
  }
}
