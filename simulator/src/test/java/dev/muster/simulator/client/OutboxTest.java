/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.simulator.client;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.muster.protocol.telemetry.MessageIdentity;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

final class OutboxTest {
  private final Outbox outbox = new Outbox();
  private int sequence;

  @Test
  void next_moreThanTheBrokerTakes_waits() {
    offer(5);
    outbox.connected(2);
    assertThat(sendAll()).containsExactly("1", "2");
    assertThat(sendAll()).isEmpty();

    assertThat(requireNonNull(requireNonNull(outbox.answered(1)).identity()).sequence())
        .isEqualTo(1);
    assertThat(sendAll()).containsExactly("3");
  }

  @Test
  void next_brokerThatTakesMany_isGivenThem() {
    offer(25);
    outbox.connected(20);
    assertThat(sendAll()).hasSize(20);
  }

  @Test
  void disconnected_whatWasInFlight_goesFirstAndMarked() {
    offer(5);
    outbox.connected(3);
    sendAll();
    outbox.answered(2);
    outbox.disconnected();
    outbox.connected(3);
    assertThat(sendAll()).containsExactly("1 again", "3 again", "4");
  }

  @Test
  void answered_unknownPacket_isNobodys() {
    offer(1);
    assertThat(outbox.answered(1)).isNull();
    sendAll();
    assertThat(outbox.answered(1)).isNotNull();
    assertThat(outbox.answered(1)).isNull();
  }

  @Test
  void offer_full_isRefused() {
    offer(Outbox.CAPACITY);
    assertThat(outbox.offer(message())).isFalse();
    sendAll();
    assertThat(outbox.offer(message())).as("what is in flight counts").isFalse();
    outbox.answered(1);
    assertThat(outbox.offer(message())).isTrue();
  }

  @Test
  void drain_givesBackWaitingAndInFlight() {
    offer(15);
    sendAll();
    assertThat(outbox.drain()).hasSize(15);
    assertThat(sendAll()).isEmpty();
  }

  private void offer(int count) {
    for (int i = 0; i < count; i++) {
      assertThat(outbox.offer(message())).isTrue();
    }
  }

  private Outbox.Message message() {
    return new Outbox.Message(
        "t", new byte[0], new MessageIdentity("b", ++sequence), new CompletableFuture<>());
  }

  private List<String> sendAll() {
    List<String> sent = new ArrayList<>();
    for (Outbox.Packet packet = outbox.next(); packet != null; packet = outbox.next()) {
      sent.add(requireNonNull(packet.message().identity()).sequence()
          + (packet.again() ? " again" : ""));
    }
    return sent;
  }
}
