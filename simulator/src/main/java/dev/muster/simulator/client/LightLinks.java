/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.simulator.client;

import dev.muster.device.internal.identity.Credential;
import dev.muster.device.internal.tls.TlsIdentity;
import dev.muster.protocol.tls.TlsProfile;
import io.netty.bootstrap.Bootstrap;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.codec.mqtt.MqttDecoder;
import io.netty.handler.codec.mqtt.MqttEncoder;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.net.InetSocketAddress;
import java.time.Clock;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;

/**
 * Links of thousands of devices: each with a key, a certificate and a TLS connection of its own,
 * all of them on a few event loops. They have no journal: what is not acknowledged when the run
 * ends is forgotten.
 */
public final class LightLinks implements DeviceLink.Factory {
  private static final int ENROLLMENTS_AT_ONCE = 16;
  /**
   * So many connections are on their way to their CONNACK: many more than a server works at, but
   * not so many that all of them time out because this process cannot compute its part.
   */
  private static final int HANDSHAKES_AT_ONCE = 256;

  private static final int CONNECT_LIMIT_MS = 10_000;
  private static final int HANDSHAKE_LIMIT_MS = 20_000;
  private static final int MAX_PACKET_BYTES = 256 * 1024;
  private static final String[] PROTOCOLS = TlsProfile.PROTOCOLS.toArray(String[]::new);

  private final Identities identities;
  private final Clock clock;
  private final Endpoints endpoints;
  private final InetSocketAddress broker;
  private final EventLoopGroup loops;
  private final ExecutorService enrollers;
  private final ExecutorService handshakes;
  private final StartGate handshakeGate = new StartGate(HANDSHAKES_AT_ONCE);

  public LightLinks(Endpoints endpoints, IdentitySource factory, Clock clock) {
    this.identities = new Identities(endpoints, factory, clock);
    this.clock = clock;
    this.endpoints = endpoints;
    // Looked up once: ten thousand questions to a name server are not what is to be measured.
    this.broker =
        new InetSocketAddress(endpoints.broker().getHost(), endpoints.broker().getPort());
    int processors = Runtime.getRuntime().availableProcessors();
    this.loops = new MultiThreadIoEventLoopGroup(
        processors, new DefaultThreadFactory("simulator-net", true), NioIoHandler.newFactory());
    this.enrollers = Executors.newFixedThreadPool(
        ENROLLMENTS_AT_ONCE, new DefaultThreadFactory("simulator-est", true));
    this.handshakes =
        Executors.newFixedThreadPool(processors, new DefaultThreadFactory("simulator-tls", true));
  }

  @Override
  public DeviceLink open(String serial, DeviceLink.Listener listener) {
    SplittableRandom random = new SplittableRandom(endpoints.seed() + serial.hashCode());
    return new LightDevice(serial, this, loops.next(), random, listener);
  }

  MqttRelease mqtt() {
    return endpoints.mqtt();
  }

  /** Whether there is somebody who tells devices what to do. */
  boolean hasOperators() {
    return endpoints.enrollment() != null;
  }

  Identities identities() {
    return identities;
  }

  Clock clock() {
    return clock;
  }

  /** Runs what waits for an enrollment server. */
  void enrolling(Runnable task) {
    enrollers.execute(task);
  }

  /** Opens a connection when it is its turn; its handler hears what comes of it. */
  void connect(EventLoop loop, TlsIdentity identity, MqttConnection connection) {
    handshakeGate.enter(() -> {
      try {
        loop.execute(() -> {
          if (connection.begin(handshakeGate::leave)) {
            open(loop, identity, connection);
          } else {
            handshakeGate.leave();
          }
        });
      } catch (RejectedExecutionException e) {
        // The run is over.
      }
    });
  }

  private void open(EventLoop loop, TlsIdentity identity, MqttConnection connection) {
    ChannelFuture attempt = new Bootstrap()
        .group(loop)
        .channel(NioSocketChannel.class)
        .option(ChannelOption.TCP_NODELAY, true)
        .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, CONNECT_LIMIT_MS)
        .handler(new ChannelInitializer<SocketChannel>() {
          @Override
          protected void initChannel(SocketChannel channel) {
            channel
                .pipeline()
                .addLast(connection.network(), tls(identity))
                .addLast(new MqttDecoder(MAX_PACKET_BYTES), MqttEncoder.INSTANCE, connection);
          }
        })
        .connect(broker);
    attempt.addListener(done -> {
      if (!done.isSuccess()) {
        connection.unreachable(done.cause());
      }
    });
  }

  /** Handshakes cost milliseconds each; on the event loops they would delay the other devices. */
  private SslHandler tls(TlsIdentity identity) {
    SSLEngine engine = identity.context().createSSLEngine(broker.getHostString(), broker.getPort());
    engine.setUseClientMode(true);
    SSLParameters parameters = engine.getSSLParameters();
    parameters.setProtocols(PROTOCOLS);
    parameters.setEndpointIdentificationAlgorithm("HTTPS");
    engine.setSSLParameters(parameters);
    SslHandler handler = new SslHandler(engine, handshakes);
    handler.setHandshakeTimeoutMillis(HANDSHAKE_LIMIT_MS);
    return handler;
  }

  TlsIdentity tls(Credential credential) {
    return identities.tls(credential);
  }

  @Override
  public boolean blocks() {
    return false;
  }

  @Override
  public void close() {
    handshakeGate.forget();
    enrollers.shutdownNow();
    loops.shutdownGracefully(0, 2, TimeUnit.SECONDS).awaitUninterruptibly(3, TimeUnit.SECONDS);
    handshakes.shutdownNow();
    identities.close();
  }
}
