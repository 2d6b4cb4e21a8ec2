/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.simulator.client;

import static org.assertj.core.api.Assertions.assertThat;

import dev.muster.protocol.identity.DeviceId;
import dev.muster.protocol.identity.DeviceSubject;
import dev.muster.protocol.identity.FleetName;
import dev.muster.protocol.topic.FleetTopics;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.junit.jupiter.api.Test;

final class AnswersTest {
  private static final FleetTopics TOPICS =
      new FleetTopics(new DeviceSubject(new FleetName("f"), new DeviceId("d")));

  @Test
  void twin_thatIsOtherwise_isReportedWhole() {
    assertThat(answer("twin/desired", """
            {"version":3,"desired":{"a":1,"b":{"c":2}},"delta":{"a":1},"reportedVersion":2}"""))
        .contains("fleets/f/devices/d/twin/reported "
            + "{\"reported\":{\"a\":1,\"b\":{\"c\":2}},\"replace\":true,\"desiredVersion\":3}");
  }

  @Test
  void twin_thatIsSo_isNotReportedAgain() {
    assertThat(answer("twin/desired", "{\"version\":3,\"desired\":{\"a\":1},\"delta\":{}}"))
        .isEmpty();
    assertThat(answer("twin/desired", "no JSON")).isEmpty();
  }

  @Test
  void command_isDone() {
    assertThat(answer("commands/id-1", "{}"))
        .contains("fleets/f/devices/d/commands/id-1/result {\"status\":\"done\"}");
  }

  @Test
  void otherTopic_isLeftAlone() {
    assertThat(answer("presence", "{}")).isEmpty();
    assertThat(Answers.to(TOPICS, "elsewhere", new byte[0])).isEmpty();
  }

  @Test
  void filters_areThoseOfTwinAndCommands() {
    assertThat(Answers.filters(TOPICS))
        .containsExactly("fleets/f/devices/d/twin/desired", "fleets/f/devices/d/commands/+");
  }

  private static Optional<String> answer(String topic, String payload) {
    return Answers.to(
            TOPICS, "fleets/f/devices/d/" + topic, payload.getBytes(StandardCharsets.UTF_8))
        .map(answer -> answer.topic() + " " + new String(answer.payload(), StandardCharsets.UTF_8));
  }
}
