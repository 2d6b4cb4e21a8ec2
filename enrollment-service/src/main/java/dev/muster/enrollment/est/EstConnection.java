/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.est;

import dev.muster.enrollment.desk.Caller;
import dev.muster.enrollment.desk.ChannelBinding;
import io.netty.channel.Channel;
import io.netty.util.Attribute;
import io.netty.util.AttributeKey;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.impl.HttpServerConnection;
import java.io.ByteArrayInputStream;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSession;
import org.jspecify.annotations.Nullable;

/** What the requests of one connection have in common. Belongs to its event loop. */
final class EstConnection {
  private static final AttributeKey<EstConnection> KEY =
      AttributeKey.valueOf(EstConnection.class, "state");

  private final Channel channel;
  private @Nullable Caller caller;
  private boolean ending;

  private EstConnection(Channel channel) {
    this.channel = channel;
  }

  static EstConnection of(HttpServerRequest request) {
    // Vert.x shows the engine behind a connection to nobody but its own.
    Channel channel =
        ((HttpServerConnection) request.connection()).channelHandlerContext().channel();
    Attribute<EstConnection> attribute = channel.attr(KEY);
    EstConnection known = attribute.get();
    if (known == null) {
      known = new EstConnection(channel);
      attribute.set(known);
    }
    return known;
  }

  /** Who sits at the other end; the same object for all requests of the connection. */
  Caller caller() {
    Caller known = caller;
    if (known == null) {
      EstSslHandler tls = channel.pipeline().get(EstSslHandler.class);
      known = new Caller(
          chain(tls.engine().getSession()),
          String.valueOf(channel.remoteAddress()),
          ChannelBinding.of(tls.channelBindings()));
      caller = known;
    }
    return known;
  }

  /** No further request is to be answered: one was told that it is the last (RFC 9112, 9.6). */
  void end() {
    ending = true;
  }

  boolean isEnding() {
    return ending;
  }

  private static List<X509Certificate> chain(SSLSession session) {
    try {
      return asOfTheJdk(session.getPeerCertificates());
    } catch (SSLPeerUnverifiedException e) {
      return List.of();
    }
  }

  /**
   * One reading of certificates, whoever does TLS: providers differ in what they make of odd ones.
   */
  private static List<X509Certificate> asOfTheJdk(Certificate[] chain)
      throws SSLPeerUnverifiedException {
    try {
      CertificateFactory factory = CertificateFactory.getInstance("X.509");
      List<X509Certificate> read = new ArrayList<>();
      for (Certificate certificate : chain) {
        read.add((X509Certificate)
            factory.generateCertificate(new ByteArrayInputStream(certificate.getEncoded())));
      }
      return read;
    } catch (CertificateException e) {
      throw new SSLPeerUnverifiedException(String.valueOf(e.getMessage()));
    }
  }
}
