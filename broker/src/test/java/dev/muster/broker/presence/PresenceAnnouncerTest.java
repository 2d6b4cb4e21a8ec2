/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.presence;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.muster.broker.session.ClientSession;
import dev.muster.broker.session.DevicePublisher;
import dev.muster.protocol.identity.DeviceId;
import dev.muster.protocol.identity.FleetName;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class PresenceAnnouncerTest {
  private static final DeviceId PUMP = new DeviceId("pump");
  private static final DeviceId VALVE = new DeviceId("valve");

  /** A broker that takes its time. */
  private static final class SlowPublisher implements DevicePublisher {
    private final List<String> told = new CopyOnWriteArrayList<>();
    private final List<CompletableFuture<Void>> answers = new CopyOnWriteArrayList<>();

    @Override
    public CompletableFuture<Boolean> send(
        ClientSession session, String topic, byte[] payload, @Nullable Duration expiry) {
      throw new AssertionError("nothing is sent to one client");
    }

    @Override
    public CompletableFuture<Void> pass(String topic, byte[] payload, @Nullable String type) {
      throw new AssertionError("presence is retained");
    }

    @Override
    public CompletableFuture<Void> retain(String topic, byte[] payload) {
      CompletableFuture<Void> answer = new CompletableFuture<>();
      answers.add(answer);
      told.add(topic + " " + new String(payload, StandardCharsets.UTF_8));
      return answer;
    }
  }

  private final SlowPublisher publisher = new SlowPublisher();
  private final PresenceAnnouncer announcer = new PresenceAnnouncer(publisher);

  @AfterEach
  void close() {
    announcer.close();
  }

  @Test
  void announce_brokerThatTakesItsTime_keepsNobodyWaiting_andTellsHowItIsByThen() {
    announcer.announce(PUMP, presence(true, "came"));
    await().until(() -> publisher.told.size() == 1);
    // Neither waits for the first; what was so in between is not told.
    announcer.announce(VALVE, presence(true, "came"));
    announcer.announce(PUMP, presence(false, "went"));
    announcer.announce(PUMP, presence(true, "came again"));
    assertThat(publisher.told).hasSize(1);

    publisher.answers.get(0).complete(null);
    await().until(() -> publisher.told.size() == 2);
    publisher.answers.get(1).complete(null);
    await().until(() -> publisher.told.size() == 3);
    assertThat(publisher.told.get(1)).contains("valve", "online");
    assertThat(publisher.told.get(2)).contains("pump", "online", "came again");
  }

  @Test
  void announce_afterAFailure_goesOn() {
    announcer.announce(PUMP, presence(true, "came"));
    await().until(() -> publisher.told.size() == 1);
    publisher.answers.get(0).completeExceptionally(new IllegalStateException("no room"));

    announcer.announce(VALVE, presence(false, "went"));
    await().until(() -> publisher.told.size() == 2);
    assertThat(publisher.told.get(1)).contains("valve", "offline", "went");
  }

  private static Presence presence(boolean online, String reason) {
    return new Presence(new FleetName("plant-a"), online, Instant.EPOCH, reason);
  }
}
