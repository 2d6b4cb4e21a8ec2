/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.csr;

import java.security.PublicKey;
import java.util.Optional;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;

/**
 * The rules for keys in certificates that others made. As for those in requests, but with RSA of
 * 2048 bits: that is what many a TPM and secure element got in the factory, for life.
 */
public final class CertificateKeys {
  private static final int RSA_MIN_BITS = 2048;

  private CertificateKeys() {}

  /** @return what is wrong with the key; empty if nothing is */
  public static Optional<String> weakness(PublicKey key) {
    try {
      KeyRules.read(SubjectPublicKeyInfo.getInstance(key.getEncoded()), RSA_MIN_BITS);
      return Optional.empty();
    } catch (CsrRefusedException e) {
      return Optional.of("publicKey: " + e.getMessage());
    } catch (RuntimeException e) {
      return Optional.of("publicKey: cannot be read");
    }
  }
}
