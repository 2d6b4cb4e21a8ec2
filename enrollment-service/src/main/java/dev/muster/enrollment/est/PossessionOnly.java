/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.est;

import java.net.Socket;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.function.Supplier;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedTrustManager;

/**
 * Lets TLS prove that a client has the key of the certificate it shows, and leaves trust to each
 * request: there the sender can be told what is wrong, and a resumed session is judged anew. Tells
 * clients whose certificates are of use.
 */
public final class PossessionOnly extends X509ExtendedTrustManager {
  /** All names go into one message, which TLS 1.2 limits to 64 KB (RFC 5246, 7.4.4). */
  private static final int MAX_NAME_BYTES = 32 * 1024;

  private final Supplier<List<X509Certificate>> issuers;

  /** @param issuers those whose certificates are of use; asked at each handshake */
  public PossessionOnly(Supplier<List<X509Certificate>> issuers) {
    this.issuers = issuers;
  }

  /** None if they are too many to be named; to a client that means any (RFC 5246, 7.4.4). */
  @Override
  public X509Certificate[] getAcceptedIssuers() {
    List<X509Certificate> named = issuers.get();
    int bytes = named.stream()
        .mapToInt(issuer -> 2 + issuer.getSubjectX500Principal().getEncoded().length)
        .sum();
    return bytes > MAX_NAME_BYTES ? new X509Certificate[0] : named.toArray(X509Certificate[]::new);
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String authType) {}

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String authType, Socket socket) {}

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String authType, SSLEngine engine) {}

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String authType) {
    throw new IllegalStateException("for servers only");
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String authType, Socket socket) {
    throw new IllegalStateException("for servers only");
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String authType, SSLEngine engine) {
    throw new IllegalStateException("for servers only");
  }
}
