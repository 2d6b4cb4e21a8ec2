/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.simulator.client;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.ChannelPromise;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.mqtt.MqttConnectReturnCode;
import io.netty.handler.codec.mqtt.MqttMessageBuilders;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

final class MqttConnectionTest {
  private final List<String> ends = new ArrayList<>();
  private final MqttConnection connection = new MqttConnection(
      MqttRelease.V5,
      "d-1",
      new FaultyNetwork(NetworkConditions.GOOD, new SplittableRandom(1)),
      new Ends());
  private final EmbeddedChannel channel = new EmbeddedChannel(connection.network(), connection);

  private MqttConnectionTest() {
    channel.freezeTime();
    channel.writeInbound(MqttMessageBuilders.connAck()
        .returnCode(MqttConnectReturnCode.CONNECTION_ACCEPTED)
        .sessionPresent(false)
        .build());
  }

  @Test
  void broker_closes_isTheEnd() {
    channel.pipeline().fireChannelInactive();
    assertThat(ends).containsExactly("the connection was lost");
  }

  @Test
  void abandoned_brokerCloses_isFoundOutByPings() {
    connection.abandon(null);
    channel.pipeline().fireExceptionCaught(new IOException("Connection reset by peer"));
    channel.pipeline().fireChannelInactive();
    pass(59);
    assertThat(ends).isEmpty();
    pass(1);
    assertThat(ends).containsExactly("no answer to a ping");
  }

  @Test
  void silentNetwork_thatIsFoundOutByPings_isNotHeardByTheBroker() {
    channel.pipeline().addAfter(network(), "tls", new Goodbye());
    connection.network().change(NetworkConditions.SILENT);
    pass(60);
    assertThat(ends).containsExactly("no answer to a ping");
    assertThat(channel.isOpen()).isTrue();
    connection.network().change(NetworkConditions.GOOD);
    assertThat(channel.<Object>readOutbound()).as("whoever is back comes anew").isNull();
  }

  @Test
  void reset_leavesNoGoodbyeOfTls() {
    channel.pipeline().addAfter(network(), "tls", new Goodbye());
    connection.reset();
    assertThat(channel.isOpen()).isFalse();
    assertThat(channel.<Object>readOutbound()).isNull();
    assertThat(ends).containsExactly("the connection was reset");
  }

  @Test
  void reset_ofWhatIsAbandoned_isNotHeardByTheBroker() {
    connection.abandon(null);
    connection.reset();
    assertThat(channel.isOpen()).isTrue();
    assertThat(ends).containsExactly("the connection was reset");
  }

  private String network() {
    return channel.pipeline().context(connection.network()).name();
  }

  /** As TLS does, which says that nothing more will come when its connection is closed. */
  private static final class Goodbye extends ChannelOutboundHandlerAdapter {
    @Override
    public void close(ChannelHandlerContext context, ChannelPromise promise) {
      context.writeAndFlush(Unpooled.copiedBuffer("goodbye", StandardCharsets.US_ASCII));
      context.close(promise);
    }
  }

  private void pass(long seconds) {
    channel.advanceTimeBy(seconds, TimeUnit.SECONDS);
    channel.runScheduledPendingTasks();
  }

  private final class Ends implements MqttConnection.Events {
    @Override
    public void connected(MqttConnection which, int window) {}

    @Override
    public void told(MqttConnection which, String topic, byte[] payload) {}

    @Override
    public void answered(MqttConnection which, int packetId, @Nullable String refusal) {}

    @Override
    public void notAuthorized(MqttConnection which) {}

    @Override
    public void certificateRefused(MqttConnection which) {}

    @Override
    public void ended(MqttConnection which, String reason) {
      ends.add(reason);
    }
  }
}
