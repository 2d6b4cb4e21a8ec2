/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.simulator.client;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

final class FaultyNetworkTest {
  private static final NetworkConditions SILENT = new NetworkConditions(Duration.ZERO, true);

  private final FaultyNetwork network = new FaultyNetwork(NetworkConditions.GOOD);
  private final EmbeddedChannel channel = new EmbeddedChannel(network);

  @Test
  void good_passesAtOnce() {
    send("a");
    receive("b");
    assertThat(sent()).containsExactly("a");
    assertThat(received()).containsExactly("b");
  }

  @Test
  void silent_holdsBothWays_andGivesAllInOrderAfterwards() {
    network.change(SILENT);
    send("a");
    send("b");
    receive("c");
    assertThat(sent()).isEmpty();
    assertThat(received()).isEmpty();
    network.change(NetworkConditions.GOOD);
    send("d");
    assertThat(sent()).containsExactly("a", "b", "d");
    assertThat(received()).containsExactly("c");
  }

  @Test
  void delay_arrivesLater_andNothingOvertakes() {
    network.change(new NetworkConditions(Duration.ofMinutes(5), false));
    send("a");
    assertThat(sent()).isEmpty();
    network.change(new NetworkConditions(Duration.ofMillis(20), false));
    channel.advanceTimeBy(1, TimeUnit.SECONDS);
    network.change(NetworkConditions.GOOD);
    send("b");
    Awaitility.await().atMost(Duration.ofSeconds(60)).untilAsserted(() -> {
      channel.runPendingTasks();
      assertThat(channel.outboundMessages()).hasSize(2);
    });
    assertThat(sent()).containsExactly("a", "b");
  }

  @Test
  void close_whileHeld_releasesTheBytes() {
    network.change(SILENT);
    ByteBuf bytes = Unpooled.copiedBuffer("a", StandardCharsets.US_ASCII);
    channel.writeOutbound(bytes);
    channel.close();
    channel.runPendingTasks();
    assertThat(bytes.refCnt()).isZero();
  }

  private void send(String text) {
    channel.writeOutbound(Unpooled.copiedBuffer(text, StandardCharsets.US_ASCII));
  }

  private void receive(String text) {
    channel.writeInbound(Unpooled.copiedBuffer(text, StandardCharsets.US_ASCII));
  }

  private List<String> sent() {
    List<String> all = new ArrayList<>();
    for (ByteBuf next = channel.readOutbound(); next != null; next = channel.readOutbound()) {
      all.add(text(next));
    }
    return all;
  }

  private List<String> received() {
    List<String> all = new ArrayList<>();
    for (ByteBuf next = channel.readInbound(); next != null; next = channel.readInbound()) {
      all.add(text(next));
    }
    return all;
  }

  private static String text(ByteBuf bytes) {
    return bytes.toString(StandardCharsets.US_ASCII);
  }
}
