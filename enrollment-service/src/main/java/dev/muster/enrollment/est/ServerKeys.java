/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.est;

import dev.muster.enrollment.authority.ServiceCredential;
import java.net.Socket;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedKeyManager;
import org.jspecify.annotations.Nullable;

/**
 * The credential that EST shows, which may be replaced while connections come in: every handshake
 * asks anew.
 *
 * <p>Thread-safe.
 */
final class ServerKeys extends X509ExtendedKeyManager {
  /** An alias stands for one credential: a handshake asks for its key and its chain one by one. */
  private record Held(String alias, ServiceCredential credential) {}

  private volatile Held current;
  private volatile Held previous;

  ServerKeys(ServiceCredential credential) {
    current = held(credential);
    previous = current;
  }

  /** Shows another from the next handshake on; connections stay as they are. */
  synchronized void use(ServiceCredential credential) {
    previous = current;
    current = held(credential);
  }

  ServiceCredential credential() {
    return current.credential;
  }

  private static Held held(ServiceCredential credential) {
    return new Held(credential.certificate().getSerialNumber().toString(16), credential);
  }

  @Override
  public @Nullable String chooseEngineServerAlias(
      String keyType, Principal @Nullable [] issuers, @Nullable SSLEngine engine) {
    Held held = current;
    return keyType.equals(held.credential.key().getAlgorithm()) ? held.alias : null;
  }

  @Override
  public @Nullable String chooseServerAlias(
      String keyType, Principal @Nullable [] issuers, @Nullable Socket socket) {
    return chooseEngineServerAlias(keyType, issuers, null);
  }

  @Override
  public String @Nullable [] getServerAliases(String keyType, Principal @Nullable [] issuers) {
    String alias = chooseEngineServerAlias(keyType, issuers, null);
    return alias == null ? null : new String[] {alias};
  }

  @Override
  public X509Certificate @Nullable [] getCertificateChain(String alias) {
    ServiceCredential credential = find(alias);
    return credential == null ? null : credential.chain().toArray(X509Certificate[]::new);
  }

  @Override
  public @Nullable PrivateKey getPrivateKey(String alias) {
    ServiceCredential credential = find(alias);
    return credential == null ? null : credential.key();
  }

  private @Nullable ServiceCredential find(String alias) {
    Held held = current;
    if (held.alias.equals(alias)) {
      return held.credential;
    }
    held = previous;
    return held.alias.equals(alias) ? held.credential : null;
  }

  @Override
  public String @Nullable [] getClientAliases(String keyType, Principal @Nullable [] issuers) {
    return null;
  }

  @Override
  public @Nullable String chooseClientAlias(
      String[] keyType, Principal @Nullable [] issuers, @Nullable Socket socket) {
    return null;
  }
}
