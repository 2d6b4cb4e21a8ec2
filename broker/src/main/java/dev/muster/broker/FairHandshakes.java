/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.MeterRegistry;
import io.netty.bootstrap.ChannelInitializerExtension;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelInitializer;
import org.jspecify.annotations.Nullable;

/**
 * Has HiveMQ's TLS handshakes take turns ({@link HandshakeTurn}): it computes them on the threads
 * that serve connections, and a fleet that comes back at once would keep everybody else waiting.
 *
 * <p>Netty finds this with {@link java.util.ServiceLoader}, and shows it each connection that any
 * server in the JVM accepts.
 */
public final class FairHandshakes extends ChannelInitializerExtension {
  private static final String SERVICE_LOADER = "serviceload";

  /** What stands in the connections that are recognized, until they have TLS. */
  private static volatile @Nullable Class<? extends ChannelHandler> recognized;

  /** For Netty, and to be called by nobody else. */
  public FairHandshakes() {
    // Nothing is held.
  }

  /**
   * Has Netty look for extensions in this JVM, unless somebody has set the property otherwise. To
   * be called before the first connection or listener of the JVM, when Netty reads it.
   */
  public static void enable() {
    if (System.getProperty(EXTENSIONS_SYSTEM_PROPERTY) == null) {
      System.setProperty(EXTENSIONS_SYSTEM_PROPERTY, SERVICE_LOADER);
    }
  }

  /** Says by which handler connections are known that are to have TLS, and to take turns. */
  static void recognize(Class<? extends ChannelHandler> tlsInitializer) {
    recognized = tlsInitializer;
  }

  /** Shows how many turns there were: none, if Netty was in use before {@link #enable}. */
  static void count(MeterRegistry meters) {
    FunctionCounter.builder("muster.tls.handshake.turns", meters, any -> HandshakeTurn.taken())
        .description("Steps of TLS handshakes of MQTT clients, each done in its turn")
        .register(meters);
  }

  @Override
  public void postInitializeServerChildChannel(Channel channel) {
    Class<? extends ChannelHandler> tlsInitializer = recognized;
    if (tlsInitializer != null && channel.pipeline().get(tlsInitializer) != null) {
      // After HiveMQ has put TLS first, which it does when the channel is registered.
      channel.pipeline().addLast(new ChannelInitializer<>() {
        @Override
        protected void initChannel(Channel registered) {
          registered.pipeline().addFirst(new HandshakeTurn());
        }
      });
    }
  }
}
