/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.protocol.telemetry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.muster.protocol.telemetry.Measurement.Value;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SenmlPackTest {
  private static final Instant NOW = Instant.parse("2026-11-21T12:00:00Z");

  private static SenmlRecord base(String name, Double time, String unit, Double value) {
    return new SenmlRecord(
        name, time, unit, value, null, null, null, null, null, null, null, null, null, null);
  }

  private static SenmlRecord value(String name, Double value, Double time) {
    return new SenmlRecord(
        null, null, null, null, null, null, name, null, value, null, null, null, null, time);
  }

  private static List<Measurement> resolve(SenmlRecord... records) {
    return new SenmlPack(List.of(records)).resolve(NOW);
  }

  @Test
  void baseFields_holdForTheRecordsThatFollow() {
    List<Measurement> resolved = resolve(
        base("urn:dev:ow:10e2073a01080063:", 1.276020076e9, "A", 10.0),
        value("current", 1.2, -5.0),
        value("current", 1.3, -4.0));
    assertThat(resolved)
        .containsExactly(
            new Measurement(
                "urn:dev:ow:10e2073a01080063:current",
                "A",
                Instant.ofEpochSecond(1_276_020_071),
                new Value.Number(11.2)),
            new Measurement(
                "urn:dev:ow:10e2073a01080063:current",
                "A",
                Instant.ofEpochSecond(1_276_020_072),
                new Value.Number(11.3)));
  }

  @ParameterizedTest
  @CsvSource({
    "0, 2026-11-21T12:00:00Z",
    "-60, 2026-11-21T11:59:00Z",
    "30.5, 2026-11-21T12:00:30.500Z",
    "268435455, 2035-05-25T09:24:15Z",
    "268435456, 1978-07-04T21:24:16Z",
    "1763726400.25, 2025-11-21T12:00:00.250Z"
  })
  void time_below2To28_isRelative(double time, Instant expected) {
    assertThat(resolve(value("t", 1.0, time)))
        .singleElement()
        .satisfies(m -> assertThat(m.time()).isEqualTo(expected));
  }

  @Test
  void baseSum_holdsForRecordsWithoutASum() {
    SenmlRecord base = new SenmlRecord(
        null, null, null, null, 7.0, null, "energy", null, 5.0, null, null, null, null, null);
    assertThat(resolve(base, value("power", 2.0, null)))
        .extracting(m -> m.metric() + "=" + ((Value.Number) m.value()).number())
        .containsExactly("energy=5.0", "energy.sum=7.0", "power=2.0", "power.sum=7.0");
  }

  @Test
  void sum_becomesAMetricOfItsOwn() {
    SenmlRecord record = new SenmlRecord(
        null, null, null, null, 100.0, null, "energy", "W", 5.0, null, null, null, 20.0, null);
    assertThat(resolve(record))
        .containsExactly(
            new Measurement("energy", "W", NOW, new Value.Number(5)),
            new Measurement("energy.sum", null, NOW, new Value.Number(120)));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "-a", "a b", "a\n", "ä"})
  void name_outsideTheGrammar_isRefusedWithItsPlace(String name) {
    assertThatThrownBy(() -> resolve(value("ok", 1.0, null), value(name, 1.0, null)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("record 1: name:");
  }

  @Test
  void recordWithoutValue_isRefused() {
    assertThatThrownBy(() -> resolve(value("t", null, 1.0))).hasMessageContaining("no value");
  }

  @Test
  void numbersThatAreNotFinite_areRefused() {
    assertThatThrownBy(() -> value("t", Double.NaN, null)).hasMessageContaining("v: NaN");
    assertThatThrownBy(() ->
            resolve(base(null, null, null, Double.MAX_VALUE), value("t", Double.MAX_VALUE, null)))
        .hasMessageContaining("finite");
    assertThatThrownBy(() -> resolve(value("t", 1.0, 1e300))).hasMessageContaining("9999");
  }

  @Test
  void version_newerOrMixed_isRefused() {
    SenmlRecord eleven = new SenmlRecord(
        null, null, null, null, null, 11, "t", null, 1.0, null, null, null, null, null);
    assertThatThrownBy(() -> resolve(eleven)).hasMessageContaining("bver: 11");
  }
}
