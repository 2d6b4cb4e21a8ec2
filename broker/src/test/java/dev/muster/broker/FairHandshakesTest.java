/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker;

import static org.assertj.core.api.Assertions.assertThat;

import com.hivemq.bootstrap.netty.initializer.AbstractTlsChannelInitializer;
import io.netty.bootstrap.ChannelInitializerExtension;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.embedded.EmbeddedChannel;
import java.util.ServiceLoader;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class FairHandshakesTest {
  /** As HiveMQ's own, which puts TLS into the connection. */
  private static final class Tls extends ChannelInboundHandlerAdapter {}

  @AfterEach
  void asBefore() {
    FairHandshakes.recognize(AbstractTlsChannelInitializer.class);
  }

  @Test
  void connections_thatAreToHaveTls_takeTurns() {
    FairHandshakes.recognize(Tls.class);
    assertThat(accepted(new Tls()).pipeline().first()).isInstanceOf(HandshakeTurn.class);
  }

  @Test
  void connections_ofOthers_areLeftAlone() {
    FairHandshakes.recognize(Tls.class);
    Channel others = accepted(new ChannelInboundHandlerAdapter());
    assertThat(others.pipeline().get(HandshakeTurn.class)).isNull();
  }

  /** As Netty does it: found as a service, and told before the connection is registered. */
  private static Channel accepted(ChannelHandler handler) {
    ChannelInitializerExtension found =
        ServiceLoader.load(ChannelInitializerExtension.class).findFirst().orElseThrow();
    EmbeddedChannel channel = new EmbeddedChannel(false, false);
    channel.pipeline().addLast(handler);
    found.postInitializeServerChildChannel(channel);
    try {
      channel.register();
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
    return channel;
  }
}
