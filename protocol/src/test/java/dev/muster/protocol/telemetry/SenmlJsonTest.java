/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.protocol.telemetry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.muster.protocol.telemetry.Measurement.Value;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SenmlJsonTest {
  private static final Instant NOON = Instant.parse("2026-03-01T12:00:00Z");

  @Test
  void write_sharedTime_becomesBaseTime() {
    List<Measurement> measurements = List.of(
        new Measurement("temperature", "Cel", NOON, new Value.Number(21.4)),
        new Measurement("open", null, NOON, new Value.Bool(true)));

    assertThat(write(measurements))
        .isEqualTo("[{\"bt\":1772366400,\"n\":\"temperature\",\"u\":\"Cel\",\"v\":21.4},"
            + "{\"n\":\"open\",\"vb\":true}]");
  }

  @Test
  void write_differentTimes_eachHasItsOwn() {
    List<Measurement> measurements = List.of(
        new Measurement("a", null, NOON, new Value.Number(1)),
        new Measurement("a", null, NOON.plusNanos(250_000_999), new Value.Number(2)));

    assertThat(write(measurements))
        .isEqualTo(
            "[{\"t\":1772366400,\"n\":\"a\",\"v\":1},{\"t\":1772366400.25,\"n\":\"a\",\"v\":2}]");
  }

  @Test
  void shift_sharedOrDifferentTimes_areAllLater() {
    Measurement first = new Measurement("a", null, NOON, new Value.Number(1));
    Measurement second = new Measurement("a", null, NOON.plusMillis(250), new Value.Number(2));

    assertThat(new String(
            SenmlJson.shift(SenmlJson.write(List.of(first, first)), Duration.ofMillis(1500)),
            StandardCharsets.UTF_8))
        .isEqualTo("[{\"bt\":1772366401.5,\"n\":\"a\",\"v\":1},{\"n\":\"a\",\"v\":1}]");
    assertThat(new String(
            SenmlJson.shift(SenmlJson.write(List.of(first, second)), Duration.ofSeconds(-100)),
            StandardCharsets.UTF_8))
        .isEqualTo("[{\"bt\":-100,\"t\":1772366400,\"n\":\"a\",\"v\":1},"
            + "{\"t\":1772366400.25,\"n\":\"a\",\"v\":2}]");
  }

  @ParameterizedTest
  @CsvSource({
    "0,0",
    "-0.0,0",
    "1e300,1.0E300",
    "-3,-3",
    "0.1,0.1",
    "9007199254740993,9.007199254740992E15"
  })
  void write_number_isAJsonNumber(double number, String expected) {
    assertThat(write(List.of(new Measurement("n", null, NOON, new Value.Number(number)))))
        .endsWith("\"v\":" + expected + "}]");
  }

  @Test
  void write_text_isEscaped() {
    String text = "\"\\\n\u0001\u20ac" + "\ud83d\ude00" + "\ud83d";

    assertThat(write(List.of(new Measurement("n", null, NOON, new Value.Text(text)))))
        .endsWith("\"vs\":\"\\\"\\\\\\u000a\\u0001\u20ac\ud83d\ude00\ufffd\"}]");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", " ", "-a", "a b", "a\"", "\u00e4", "a\n"})
  void write_metricThatIsNoSenmlName_isRefused(String metric) {
    assertThatThrownBy(
            () -> write(List.of(new Measurement(metric, null, NOON, new Value.Number(1)))))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("metric: \"");
  }

  @Test
  void write_nothing_isRefused() {
    assertThatThrownBy(() -> write(List.of())).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void write_timeOfAClockNeverSet_isLeftOut() {
    Measurement measurement = new Measurement("n", null, Instant.EPOCH, new Value.Number(1));

    assertThat(write(List.of(measurement))).isEqualTo("[{\"n\":\"n\",\"v\":1}]");
  }

  private static String write(List<Measurement> measurements) {
    return new String(SenmlJson.write(measurements), StandardCharsets.UTF_8);
  }
}
