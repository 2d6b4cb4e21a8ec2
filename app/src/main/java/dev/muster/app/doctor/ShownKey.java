/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.doctor;

import dev.muster.app.doctor.Visitor.Identity;
import java.net.Socket;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.X509ExtendedKeyManager;
import org.jspecify.annotations.Nullable;

/**
 * Shows one certificate, whatever issuers the server lists, or none; and knows how often it was
 * asked. The JDK's own manager would keep to itself what no issuer fits, so that nobody would ever
 * see a foreign certificate.
 */
final class ShownKey extends X509ExtendedKeyManager {
  private static final String ALIAS = "doctor";

  private final @Nullable Identity identity;
  private final AtomicInteger asked = new AtomicInteger();

  ShownKey(@Nullable Identity identity) {
    this.identity = identity;
  }

  /** In all; once or more in a handshake, and never in one that goes on from a session before. */
  int timesAsked() {
    return asked.get();
  }

  @Override
  public @Nullable String chooseClientAlias(
      String[] keyTypes, Principal @Nullable [] issuers, @Nullable Socket socket) {
    asked.incrementAndGet();
    return identity == null ? null : ALIAS;
  }

  @Override
  public X509Certificate @Nullable [] getCertificateChain(String alias) {
    return identity == null ? null : identity.chain().toArray(X509Certificate[]::new);
  }

  @Override
  public @Nullable PrivateKey getPrivateKey(String alias) {
    return identity == null ? null : identity.key();
  }

  @Override
  public String @Nullable [] getClientAliases(String keyType, Principal @Nullable [] issuers) {
    return identity == null ? null : new String[] {ALIAS};
  }

  @Override
  public String @Nullable [] getServerAliases(String keyType, Principal @Nullable [] issuers) {
    return null;
  }

  @Override
  public @Nullable String chooseServerAlias(
      String keyType, Principal @Nullable [] issuers, @Nullable Socket socket) {
    return null;
  }
}
