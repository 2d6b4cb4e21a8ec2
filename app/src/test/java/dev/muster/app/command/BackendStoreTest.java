/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.command;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.muster.protocol.telemetry.Measurement;
import dev.muster.protocol.telemetry.MessageIdentity;
import dev.muster.protocol.telemetry.SenmlJson;
import dev.muster.simulator.StoredMessage;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

class BackendStoreTest {
  private static final Instant DUE = Instant.parse("2026-11-26T12:00:00.250Z");

  @Test
  void message_ofASimulatedDevice_wasUnderWaySinceItWasDue() {
    byte[] payload = SenmlJson.write(
        List.of(new Measurement("t", null, DUE, new Measurement.Value.Number(20.5))));
    StoredMessage message = BackendStore.toMessage(
        message(new String(payload, StandardCharsets.UTF_8), DUE.plusMillis(1750)), true);
    assertThat(message)
        .isEqualTo(
            new StoredMessage(new MessageIdentity("b", 7), "room", Duration.ofMillis(1750), true));
  }

  @Test
  void message_withoutATime_wasUnderWayNobodyKnowsHowLong() {
    for (String payload : List.of("[{\"n\":\"t\",\"v\":1}]", "20.5", "no JSON")) {
      assertThat(BackendStore.toMessage(message(payload, DUE), false).underWay())
          .isNull();
    }
  }

  private static ObjectNode message(String payload, Instant receivedAt) {
    return JsonNodeFactory.instance
        .objectNode()
        .put("boot", "b")
        .put("sequence", 7)
        .put("stream", "room")
        .put("payload", payload)
        .put("receivedAt", receivedAt.toString());
  }
}
