/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.backend;

import dev.muster.enrollment.authority.ServiceCredential;
import java.net.Socket;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedKeyManager;
import org.jspecify.annotations.Nullable;

/**
 * Offers one server certificate, which may be replaced at any time. A handshake asks for the name
 * of a key first, and for key and chain by that name later; so one that is under way finishes with
 * the credential with which it began.
 */
final class SingleKeyManager extends X509ExtendedKeyManager {
  /** The one to offer, and the one before. */
  private record Credentials(ServiceCredential current, ServiceCredential before) {
    ServiceCredential named(String alias) {
      return alias(before).equals(alias) ? before : current;
    }
  }

  private volatile Credentials credentials;

  SingleKeyManager(ServiceCredential credential) {
    this.credentials = new Credentials(credential, credential);
  }

  /** Offers another one from the next handshake on. */
  synchronized void use(ServiceCredential next) {
    credentials = new Credentials(next, credentials.current);
  }

  private static String alias(ServiceCredential credential) {
    return credential.certificate().getSerialNumber().toString(16);
  }

  private @Nullable String alias(String keyType) {
    ServiceCredential current = credentials.current;
    return current.key().getAlgorithm().equals(keyType) ? alias(current) : null;
  }

  @Override
  public @Nullable String chooseEngineServerAlias(
      String keyType, Principal[] issuers, SSLEngine engine) {
    return alias(keyType);
  }

  @Override
  public @Nullable String chooseServerAlias(String keyType, Principal[] issuers, Socket socket) {
    return alias(keyType);
  }

  @Override
  public String[] getServerAliases(String keyType, Principal[] issuers) {
    return new String[] {alias(credentials.current)};
  }

  @Override
  public X509Certificate[] getCertificateChain(String alias) {
    return credentials.named(alias).chain().toArray(X509Certificate[]::new);
  }

  @Override
  public PrivateKey getPrivateKey(String alias) {
    return credentials.named(alias).key();
  }

  @Override
  public String @Nullable [] getClientAliases(String keyType, Principal[] issuers) {
    return null;
  }

  @Override
  public @Nullable String chooseClientAlias(String[] keyTypes, Principal[] issuers, Socket socket) {
    return null;
  }
}
