/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.protocol.topic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.muster.protocol.identity.DeviceId;
import dev.muster.protocol.identity.DeviceSubject;
import dev.muster.protocol.identity.FleetName;
import dev.muster.protocol.topic.FleetTopics.TelemetryTopic;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FleetTopicsTest {
  private static final DeviceSubject SUBJECT =
      new DeviceSubject(new FleetName("plant-a"), new DeviceId("d1"));

  @Test
  void telemetry_readBack_namesTheSame() {
    String topic = new FleetTopics(SUBJECT).telemetry("env");
    assertThat(topic).isEqualTo("fleets/plant-a/devices/d1/telemetry/env");
    assertThat(TelemetryTopic.parse(topic))
        .contains(new TelemetryTopic(SUBJECT.fleet(), SUBJECT.device(), "env"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "a/b", "+", "#", "-a", "a b", "é"})
  void telemetry_streamThatIsNoSingleLevel_isRefused(String stream) {
    assertThatThrownBy(() -> new FleetTopics(SUBJECT).telemetry(stream))
        .hasMessageStartingWith("stream: \"");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "fleets/plant-a/devices/d1/telemetry",
        "fleets/plant-a/devices/d1/telemetry/",
        "fleets/plant-a/devices/d1/telemetry/env/x",
        "/fleets/plant-a/devices/d1/telemetry/env",
        "fleets/plant-a/devices/D1/telemetry/env",
        "fleets/plant-a/devices/d1/events/env",
        "Fleets/plant-a/devices/d1/telemetry/env"
      })
  void parse_lookAlike_isNotTelemetry(String topic) {
    assertThat(TelemetryTopic.parse(topic)).isEmpty();
  }
}
