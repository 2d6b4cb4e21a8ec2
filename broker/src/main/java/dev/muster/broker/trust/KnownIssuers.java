/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.trust;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.cert.CertificateEncodingException;
import java.security.cert.X509Certificate;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Which CA has issued a certificate, remembered: when a fleet comes back with resumed TLS sessions,
 * to verify these signatures again takes as long as all else that a connection costs.
 *
 * <p>Remembered is what a certificate was verified with, never that it is let in: a CA that is let
 * in no more vouches for nobody, and a certificate that differs in a bit is another one. Safe for
 * use by several threads.
 */
public final class KnownIssuers {
  /** At some 100 bytes each. */
  private static final int DEFAULT_CAPACITY = 16_384;

  /** The first half of a certificate's SHA-256, all of it. */
  private record Print(long high, long low) {
    static Print of(X509Certificate certificate) throws CertificateEncodingException {
      try {
        ByteBuffer hash =
            ByteBuffer.wrap(MessageDigest.getInstance("SHA-256").digest(certificate.getEncoded()));
        return new Print(hash.getLong(), hash.getLong());
      } catch (NoSuchAlgorithmException e) {
        throw new IllegalStateException("each Java has SHA-256", e);
      }
    }
  }

  private final int capacity;
  private final Map<Print, X509Certificate> known = new LinkedHashMap<>(16, 0.75f, true) {
    @Override
    protected boolean removeEldestEntry(Map.Entry<Print, X509Certificate> eldest) {
      return size() > capacity;
    }
  };

  public KnownIssuers() {
    this(DEFAULT_CAPACITY);
  }

  /** @param capacity how many certificates are remembered: those that came last */
  KnownIssuers(int capacity) {
    this.capacity = capacity;
  }

  /** The id of the one of these CAs that has signed a certificate; empty if none of them has. */
  public Optional<String> issuerOf(X509Certificate leaf, IssuingAuthorities authorities) {
    Print print;
    try {
      print = Print.of(leaf);
    } catch (CertificateEncodingException e) {
      return Optional.empty();
    }
    X509Certificate ca;
    synchronized (known) {
      ca = known.get(print);
    }
    Optional<String> id = authorities.idOf(ca);
    if (id.isPresent()) {
      return id;
    }
    id = authorities.issuerOf(leaf);
    id.flatMap(authorities::find).ifPresent(issuer -> {
      synchronized (known) {
        known.put(print, issuer);
      }
    });
    return id;
  }

  int size() {
    synchronized (known) {
      return known.size();
    }
  }
}
