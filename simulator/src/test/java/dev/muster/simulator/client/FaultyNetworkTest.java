/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.simulator.client;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioSocketChannel;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

final class FaultyNetworkTest {
  private static final NetworkConditions SILENT = NetworkConditions.SILENT;

  private final FaultyNetwork network =
      new FaultyNetwork(NetworkConditions.GOOD, new SplittableRandom(1));
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
    channel.freezeTime();
    network.change(slow(Duration.ofMillis(500), 0, 0));
    send("a");
    pass(499);
    assertThat(sent()).isEmpty();
    network.change(slow(Duration.ofMillis(20), 0, 0));
    send("b");
    receive("c");
    assertThat(sent()).isEmpty();
    pass(1);
    assertThat(sent()).as("b has to wait for the other").containsExactly("a");
    pass(19);
    assertThat(sent()).containsExactly("b");
    assertThat(received()).containsExactly("c");
    send("d");
    network.change(NetworkConditions.GOOD);
    send("e");
    assertThat(sent()).containsExactly("d", "e");
  }

  @Test
  void silent_thenSlow_givesWhatWasHeldWithoutAnotherByte() {
    channel.freezeTime();
    network.change(slow(Duration.ofMillis(500), 0, 0));
    send("a");
    network.change(SILENT);
    pass(600);
    assertThat(sent()).isEmpty();
    network.change(slow(Duration.ofMillis(500), 0, 0));
    assertThat(sent()).containsExactly("a");
  }

  @Test
  void bandwidth_letsSoManyBytesPassInASecond_eachWay() {
    channel.freezeTime();
    network.change(slow(Duration.ZERO, 10, 0));
    send("12345");
    send("67890");
    receive("12345");
    pass(499);
    assertThat(sent()).isEmpty();
    assertThat(received()).isEmpty();
    pass(1);
    assertThat(sent()).containsExactly("12345");
    assertThat(received()).as("has the other way for itself").containsExactly("12345");
    pass(499);
    assertThat(sent()).isEmpty();
    pass(1);
    assertThat(sent()).containsExactly("67890");
    pass(5_000);
    send("12345");
    pass(500);
    assertThat(sent()).as("a line that was idle saved nothing up").containsExactly("12345");
  }

  @Test
  void narrow_readsNoMoreThanItHolds_untilThatHasPassed() {
    channel.freezeTime();
    network.change(slow(Duration.ZERO, 1_000, 0));
    receive("x".repeat(FaultyNetwork.MOST_HELD_BYTES - 1));
    assertThat(reads()).isTrue();
    receive("y");
    assertThat(reads()).isFalse();
    pass(65_535);
    assertThat(received()).hasSize(1);
    assertThat(reads()).as("there is room again").isTrue();
    receive("x".repeat(FaultyNetwork.MOST_HELD_BYTES));
    assertThat(reads()).isFalse();
    network.change(NetworkConditions.GOOD);
    assertThat(received()).hasSize(2);
    assertThat(reads()).isTrue();
  }

  /** The other end has closed before: on the connection that is not silent that is seen. */
  @Test
  @Timeout(60)
  void silent_doesNotSeeTheOtherEndClose_untilItSpeaks() throws Exception {
    EventLoopGroup loops = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
    try (ServerSocket server = new ServerSocket(0, 2, InetAddress.getLoopbackAddress())) {
      FaultyNetwork quiet = new FaultyNetwork(NetworkConditions.GOOD, new SplittableRandom(1));
      FaultyNetwork good = new FaultyNetwork(NetworkConditions.GOOD, new SplittableRandom(1));
      Channel cut = connect(loops, server, quiet);
      Socket cutSide = server.accept();
      Channel other = connect(loops, server, good);
      Socket otherSide = server.accept();
      cut.eventLoop().submit(() -> quiet.change(SILENT)).sync();
      cutSide.close();
      otherSide.close();
      other.closeFuture().sync();
      // Whatever else was there to be read has been by the next turn of the loop.
      cut.eventLoop().submit(() -> {}).sync();
      assertThat(cut.isActive()).isTrue();
      cut.eventLoop().submit(() -> quiet.change(NetworkConditions.GOOD)).sync();
      cut.closeFuture().sync();
    } finally {
      loops.shutdownGracefully();
    }
  }

  private static Channel connect(EventLoopGroup loops, ServerSocket server, FaultyNetwork network)
      throws InterruptedException {
    return new Bootstrap()
        .group(loops)
        .channel(NioSocketChannel.class)
        .handler(network)
        .connect(server.getLocalSocketAddress())
        .sync()
        .channel();
  }

  @Test
  void abandoned_readsOn_orNobodyWouldSeeTheEndOfTheConnection() {
    network.change(SILENT);
    receive("x".repeat(FaultyNetwork.MOST_HELD_BYTES));
    assertThat(reads()).isFalse();
    network.abandon();
    assertThat(reads()).isTrue();
  }

  private boolean reads() {
    return channel.config().isAutoRead();
  }

  @Test
  void loss_isAWaitForTheRetransmission_andNothingIsMissing() {
    channel.freezeTime();
    network.change(slow(Duration.ZERO, 0, 0.3));
    List<String> all = new ArrayList<>();
    List<String> arrived = new ArrayList<>();
    int stalls = 0;
    for (int i = 0; i < 100; i++) {
      all.add(Integer.toString(i));
      send(Integer.toString(i));
      pass(0);
      List<String> now = sent();
      arrived.addAll(now);
      if (now.isEmpty()) {
        stalls++;
        pass(199);
        assertThat(sent()).as("before the time-out of retransmission").isEmpty();
        pass(60_000);
        arrived.addAll(sent());
      }
    }
    assertThat(arrived).isEqualTo(all);
    assertThat(stalls).isBetween(15, 45);
  }

  @Test
  void abandoned_swallowsWhatIsSentAndHeld_forGood() {
    network.change(SILENT);
    ByteBuf held = Unpooled.copiedBuffer("a", StandardCharsets.US_ASCII);
    channel.writeOutbound(held);
    network.abandon();
    ByteBuf late = Unpooled.copiedBuffer("b", StandardCharsets.US_ASCII);
    assertThat(channel.writeOneOutbound(late).isSuccess()).as("it is not told").isTrue();
    receive("c");
    network.change(NetworkConditions.GOOD);
    send("d");
    assertThat(sent()).isEmpty();
    assertThat(received()).isEmpty();
    assertThat(List.of(held.refCnt(), late.refCnt())).containsOnly(0);
    assertThat(channel.isOpen()).isTrue();
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

  private static NetworkConditions slow(Duration delay, double bytesPerSecond, double loss) {
    return new NetworkConditions(delay, bytesPerSecond, loss, false);
  }

  private void pass(long millis) {
    channel.advanceTimeBy(millis, TimeUnit.MILLISECONDS);
    channel.runScheduledPendingTasks();
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
