/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.revocation;

import java.io.ByteArrayInputStream;
import java.math.BigInteger;
import java.security.cert.CRLException;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509CRL;
import java.security.cert.X509CRLEntry;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;

/**
 * A complete CRL whose signature was verified (RFC 5280, 5).
 *
 * @param number the CRL number (RFC 5280, 5.2.3)
 * @param nextUpdate when a newer one is due
 */
record VerifiedCrl(
    BigInteger number, Instant thisUpdate, Instant nextUpdate, Set<BigInteger> serials) {
  private static final String CRL_NUMBER = "2.5.29.20";
  private static final int TAG_OCTET_STRING = 0x04;
  private static final int TAG_INTEGER = 0x02;

  VerifiedCrl {
    serials = Set.copyOf(serials);
  }

  /**
   * Verifies a CRL, and reads it then: what nobody of ours has signed takes up no more room than it
   * has come with.
   *
   * @param issuer the CA that must have signed it
   * @throws IllegalArgumentException if it is no CRL, or not one that we may trust
   */
  static VerifiedCrl of(byte[] der, X509Certificate issuer) {
    boolean signed = CrlSignature.isBy(der, issuer.getPublicKey());
    X509CRL crl = signed ? parse(der) : null;
    if (crl == null || !crl.getIssuerX500Principal().equals(issuer.getSubjectX500Principal())) {
      throw new IllegalArgumentException("CRL: not signed by the issuing CA");
    }
    // Delta and partitioned CRLs announce themselves by critical extensions (RFC 5280, 5.2.4,
    // 5.2.5).
    Set<String> critical = crl.getCriticalExtensionOIDs();
    if (critical != null && !critical.isEmpty()) {
      throw new IllegalArgumentException(
          "CRL: critical extensions " + critical + " (expected: none, a complete CRL)");
    }
    if (crl.getNextUpdate() == null) {
      throw new IllegalArgumentException("CRL: no nextUpdate (RFC 5280, 5.1.2.5 wants one)");
    }
    Set<BigInteger> serials = new HashSet<>();
    Set<? extends X509CRLEntry> entries = crl.getRevokedCertificates();
    if (entries != null) {
      entries.forEach(entry -> serials.add(entry.getSerialNumber()));
    }
    return new VerifiedCrl(
        numberOf(crl), crl.getThisUpdate().toInstant(), crl.getNextUpdate().toInstant(), serials);
  }

  private static X509CRL parse(byte[] der) {
    try {
      return (X509CRL)
          CertificateFactory.getInstance("X.509").generateCRL(new ByteArrayInputStream(der));
    } catch (CRLException | RuntimeException e) {
      // The JDK's parser answers some broken input with runtime exceptions of its own.
      throw new IllegalArgumentException("CRL: not DER of a CRL", e);
    } catch (CertificateException e) {
      throw new IllegalStateException(e);
    }
  }

  private static BigInteger numberOf(X509CRL crl) {
    byte[] outer = crl.getExtensionValue(CRL_NUMBER);
    // OCTET STRING { INTEGER }, of at most 20 octets, so both lengths are in one octet.
    boolean wellFormed = outer != null
        && outer.length >= 5
        && outer[0] == TAG_OCTET_STRING
        && outer[1] == outer.length - 2
        && outer[2] == TAG_INTEGER
        && outer[3] == outer.length - 4;
    if (!wellFormed || outer[4] < 0) {
      throw new IllegalArgumentException("CRL: no CRL number (RFC 5280, 5.2.3 wants one)");
    }
    return new BigInteger(Arrays.copyOfRange(outer, 4, outer.length));
  }
}
