/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.est;

import io.netty.buffer.ByteBufAllocator;
import io.netty.handler.ssl.ApplicationProtocolNegotiator;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslHandler;
import java.util.List;
import java.util.concurrent.Executor;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLSessionContext;

/** Another context, with handlers of ours: the one place where Vert.x lets us in before TLS. */
final class EstSslContext extends SslContext {
  private final SslContext context;
  private final ConnectionGate gate;

  EstSslContext(SslContext context, ConnectionGate gate) {
    this.context = context;
    this.gate = gate;
  }

  @Override
  protected SslHandler newHandler(ByteBufAllocator alloc, boolean startTls, Executor tasks) {
    return new EstSslHandler(context.newEngine(alloc), tasks, gate);
  }

  @Override
  protected SslHandler newHandler(
      ByteBufAllocator alloc, String peer, int port, boolean startTls, Executor tasks) {
    return new EstSslHandler(context.newEngine(alloc, peer, port), tasks, gate);
  }

  @Override
  public boolean isClient() {
    return context.isClient();
  }

  @Override
  public List<String> cipherSuites() {
    return context.cipherSuites();
  }

  @Override
  @SuppressWarnings("deprecation") // Netty gives no other way.
  public ApplicationProtocolNegotiator applicationProtocolNegotiator() {
    return context.applicationProtocolNegotiator();
  }

  @Override
  public SSLEngine newEngine(ByteBufAllocator alloc) {
    return context.newEngine(alloc);
  }

  @Override
  public SSLEngine newEngine(ByteBufAllocator alloc, String peer, int port) {
    return context.newEngine(alloc, peer, port);
  }

  @Override
  public SSLSessionContext sessionContext() {
    return context.sessionContext();
  }
}
