/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.est;

import dev.muster.enrollment.crypto.ChannelBindings;
import dev.muster.enrollment.est.ConnectionGate.Pass;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.ssl.SslHandler;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executor;
import javax.net.ssl.SSLEngine;

/**
 * TLS of one connection: passes the gate before it begins, and tells its channel bindings after.
 */
final class EstSslHandler extends SslHandler {
  private final ConnectionGate gate;
  private final ServerHelloWatch hello = new ServerHelloWatch();

  EstSslHandler(SSLEngine engine, Executor delegatedTasks, ConnectionGate gate) {
    super(engine, delegatedTasks);
    this.gate = gate;
  }

  @Override
  public void handlerAdded(ChannelHandlerContext ctx) throws Exception {
    ctx.pipeline().addBefore(ctx.name(), null, hello);
    super.handlerAdded(ctx);
    Channel channel = ctx.channel();
    Optional<Pass> pass = gate.enter(address(channel));
    if (pass.isEmpty()) {
      channel.close();
      return;
    }
    handshakeFuture().addListener(done -> pass.get().handshakeEnded());
    channel.closeFuture().addListener(closed -> pass.get().closed());
  }

  private static InetAddress address(Channel channel) {
    return channel.remoteAddress() instanceof InetSocketAddress socket
        ? socket.getAddress()
        : InetAddress.getLoopbackAddress();
  }

  /** The names of this connection (RFC 5929, RFC 9266); for its event loop, after the handshake. */
  List<byte[]> channelBindings() {
    return ChannelBindings.of(engine(), hello.extendedMasterSecret());
  }
}
