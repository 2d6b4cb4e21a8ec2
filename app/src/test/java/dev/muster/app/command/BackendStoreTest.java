/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.command;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.muster.app.operator.NoAnswer;
import dev.muster.protocol.identity.DeviceId;
import dev.muster.protocol.telemetry.Measurement;
import dev.muster.protocol.telemetry.MessageIdentity;
import dev.muster.protocol.telemetry.SenmlJson;
import dev.muster.simulator.StoredMessage;
import dev.muster.simulator.payload.ContentChecksum;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongPredicate;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

class BackendStoreTest {
  private static final Supplier<LongPredicate> NONE = () -> missing -> false;
  private static final Instant DUE = Instant.parse("2026-11-26T12:00:00.250Z");

  @Test
  void message_ofASimulatedDevice_wasUnderWaySinceItWasDue() {
    byte[] payload = SenmlJson.write(
        List.of(new Measurement("t", null, DUE, new Measurement.Value.Number(20.5))));
    ObjectNode stored = message(new String(payload, StandardCharsets.UTF_8), DUE.plusMillis(1750));
    StoredMessage message = new StoredMessage(
        new MessageIdentity("b", 7),
        "room",
        Duration.ofMillis(1750),
        ContentChecksum.of("room", payload),
        false);
    assertThat(BackendStore.toMessage(stored, false)).isEqualTo(message);
    stored.remove("payload");
    stored.put("payloadBase64", Base64.getEncoder().encodeToString(payload));
    assertThat(BackendStore.toMessage(stored, true))
        .isEqualTo(new StoredMessage(
            message.identity(), "room", message.underWay(), message.checksum(), true));
  }

  @Test
  void message_withoutATime_wasUnderWayNobodyKnowsHowLong() {
    for (String payload : List.of("[{\"n\":\"t\",\"v\":1}]", "20.5", "no JSON")) {
      assertThat(BackendStore.toMessage(message(payload, DUE), false).underWay())
          .isNull();
    }
  }

  /** A store that is behind its journal may lay messages aside while it is asked. */
  @Test
  void deadLetter_thatCameWhileTheStoreWasAsked_isFound() {
    List<String> asked = new ArrayList<>();
    ObjectNode letter = message("", DUE).put("payloadBase64", "AA==");
    BackendStore store = new BackendStore(
        path -> {
          asked.add(path);
          ObjectNode answer = JsonNodeFactory.instance.objectNode();
          boolean later = asked.size() > 2 && path.contains("dead-letters");
          answer.putArray("deadLetters").addAll(later ? List.of(letter) : List.of());
          answer.putArray("messages");
          return answer;
        },
        NONE);
    DeviceId device = new DeviceId("acme-1");
    assertThat(store.storedFor(device)).isEmpty();
    assertThat(store.storedFor(device)).singleElement().matches(StoredMessage::aside);
    assertThat(asked.subList(0, 2))
        .containsExactly(
            "devices/acme-1/messages?limit=1000",
            "devices/acme-1/dead-letters?limit=1000&payload=true");
  }

  @Test
  void page_thatIsNotAnswered_isAskedForAgain_whileThereIsPatience() {
    AtomicInteger failures = new AtomicInteger(2);
    BackendStore store = new BackendStore(
        path -> {
          if (path.contains("after=p1") && failures.getAndDecrement() > 0) {
            throw new NoAnswer("the connection broke");
          }
          ObjectNode answer = JsonNodeFactory.instance.objectNode();
          answer.putArray("deadLetters");
          answer.putArray("messages").add(message("20.5", DUE));
          return path.contains("after") || path.contains("dead-letters")
              ? answer
              : answer.put("next", "p1");
        },
        () -> missing -> true);
    assertThat(store.storedFor(new DeviceId("acme-1"))).as("of two pages").hasSize(2);
    BackendStore silent = new BackendStore(
        path -> {
          throw new NoAnswer("the connection broke");
        },
        NONE);
    assertThatThrownBy(() -> silent.storedFor(new DeviceId("acme-1"))).isInstanceOf(NoAnswer.class);
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
