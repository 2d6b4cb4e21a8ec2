/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.telemetry.format;

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
        "{\"battery\":{\"volt\":3.7,\"cell\":{\"id\":\"x\"}},\"a\":1} | battery.volt=3.7 battery.cell.id='x' a=1.0",
        "[{\"n\":\"t\",\"vd\":\"aGkgCg\"}]             | t='aGkgCg'",
        "[{\"n\":\"t\",\"v\":2,\"ut\":60,\"s\":3}]       | t=2.0 t.sum=3.0",
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
        "{\"a.b\":1,\"a\":{\"b\":2}}",
        "{\"a\":\"x\\u0000\"}",
        "{\"a\":\"x\\ud800\"}",
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
        "[{\"n\":\"t\",\"vd\":\"A+/A\"}]",
        "[{\"n\":\"t\",\"vd\":\"aGkgCg==\"}]",
        "[{\"n\":\"t\",\"vd\":\"AAAA\",\"v\":1}]",
        "[{\"n\":\"t\",\"v\":1}] x",
        "21.5 Cel",
        "[{\"n\":\"t\",\"v\":1,\"bver\":11}]",
        "[{\"n\":\"t\"}]"
      })
  void payload_thatCannotBeRead_saysWhy(String payload) {
    assertThat(decode(payload, null))
        .isInstanceOfSatisfying(
            Reading.Unreadable.class, it -> assertThat(it.reason()).isNotBlank());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "fb4035800000000000         | value=21.5",
        "f94d60                     | value=21.5",
        "c48221196ab3               | value=273.15",
        "c249010000000000000000     | value=1.8446744073709552E19",
        "a2616118196162f5           | a=25.0 b=true",
        "a16161a1616201             | a.b=1.0",
        "a1616142000f               | a='AA8'",
        "a1616163e282ac             | a='\u20ac'",
        "a26161f6616201             | b=1.0",
        "81a200617402c48221196ab3   | t=273.15",
        "81a200617403624869         | t='Hi'",
        "81a200617404f4             | t=false",
        "81a2006174084368690a       | t='aGkK'",
        "81a3006174020105182a       | t=1.0 t.sum=42.0",
        "9fa20061740201ff           | t=1.0",
        "81bf0061740201ff           | t=1.0",
        "d9d9f781a20061740201       | t=1.0"
      })
  void cborPayload_ofEachForm_isRead(String hex, String expected) {
    Reading reading = TelemetryCodec.decode(SenmlExamplesTest.hex(hex), null, NOW);
    assertThat(show(reading)).startsWith(expected.strip());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "80",
        "a0",
        "81",
        "f97c00",
        "f97e00",
        "fb7ff0000000000000",
        "f6",
        "f5",
        "a16161f0",
        "a161618101",
        "a2616101616102",
        "81a300617402010202",
        "81a30061740201617602",
        "81a20061740361",
        "81a200617408636162",
        "81a20061740241ff",
        "81a3006174020120fb4014000000000000",
        "81a3006174020120190100",
        "81a3006174020162785f01",
        "81a2006174020100",
        "a1616163eda080",
        "a161616100",
        "5bffffffffffffffff",
        "81a2006174085a7fffffff",
        "c2590400ffffffff",
        "ff"
      })
  void cborPayload_thatCannotBeRead_saysWhy(String hex) {
    Reading reading = TelemetryCodec.decode(SenmlExamplesTest.hex(hex), "application/cbor", NOW);
    assertThat(reading)
        .isInstanceOfSatisfying(
            Reading.Unreadable.class, it -> assertThat(it.reason()).isNotBlank());
  }

  @Test
  void cborInteger_longerThanADouble_isUnreadable() {
    String long2 = "c2590200" + "ff".repeat(512);
    assertThat(TelemetryCodec.decode(SenmlExamplesTest.hex(long2), null, NOW))
        .isInstanceOf(Reading.Unreadable.class);
  }

  @Test
  void payload_tooDeepOrTooMuch_isUnreadable() {
    assertThat(show(decode(deep(16), null))).endsWith("x=1.0");
    assertThat(show(decode(deep(17), null))).startsWith("unreadable: ").contains("depth (17");
    assertThat(show(decode(wide(256), null))).startsWith("m0=1.0 ").endsWith(" m255=1.0");
    assertThat(show(decode(wide(257), null))).endsWith("too many members (expected: at most 256)");
    assertThat(show(decode(many(256), null))).startsWith("t=1.0 t=1.0");
    assertThat(show(decode(many(257), null))).endsWith("too many records (expected: at most 256)");
    assertThat(show(decode(named(128, 4_096), null))).startsWith("nnn").endsWith("xxx'");
    assertThat(show(decode(named(129, 1), null))).startsWith("unreadable: ").contains("128");
    assertThat(show(decode(named(1, 4_097), null))).startsWith("unreadable: ").contains("4096");
  }

  private static String deep(int objects) {
    return "{\"x\":".repeat(objects) + "1" + "}".repeat(objects);
  }

  private static String wide(int members) {
    return IntStream.range(0, members)
        .mapToObj(i -> "\"m" + i + "\":1")
        .collect(Collectors.joining(",", "{", "}"));
  }

  private static String many(int records) {
    return "[" + "{\"n\":\"t\",\"v\":1},".repeat(records - 1) + "{\"n\":\"t\",\"v\":1}]";
  }

  private static String named(int name, int text) {
    return "{\"" + "n".repeat(name) + "\":\"" + "x".repeat(text) + "\"}";
  }

  @Test
  void contentType_goesBeforeTheFirstByte() {
    assertThat(show(decode("{\"a\":1}", "application/senml+json"))).contains("expected: SenML");
    assertThat(show(decode("{\"a\":1}", "application/json; charset=utf-8"))).isEqualTo("a=1.0");
    assertThat(show(decode("{}", "application/senml+cbor"))).startsWith("unreadable");
    assertThat(show(decode("21.5", "text/plain;charset=UTF-8"))).isEqualTo("value=21.5");
    assertThat(show(decode("{\"a\":1}", "text/plain"))).contains("expected: a number");
    assertThat(show(decode("{\"a\":1}", "application/cbor"))).startsWith("unreadable");
    assertThat(show(decode("1", "image/png"))).contains("content type", "application/senml+json");
    assertThat(show(decode("1", ""))).isEqualTo("value=1.0");
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
