/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.mqtt;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TelemetryIngestTest {
  @ParameterizedTest
  @CsvSource({
    "fleets/f1/devices/d1/telemetry/env, true",
    "fleets/f1/devices/d1/telemetry, true",
    "fleets/f1/devices/d1/telemetry/a/b, true",
    "fleets//devices//telemetry/, true",
    "fleets/f1/devices/d1/telemetrys/env, false",
    "fleets/f1/devices/d1/events/telemetry, false",
    "fleets/f1/devices/d1, false",
    "fleets/f1/device/d1/telemetry/env, false",
    "fleets/devices/d1/telemetry/env, false",
    "fleet/f1/devices/d1/telemetry/env, false",
    "fleets/, false",
    "fleets, false",
    "telemetry, false",
  })
  void topic_isOfTelemetry_byItsLevels(String topic, boolean expected) {
    assertThat(TelemetryIngest.isTelemetry(topic)).isEqualTo(expected);
  }
}
