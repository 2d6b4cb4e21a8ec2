/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.idevid;

import dev.muster.protocol.identity.Quoted;
import java.io.ByteArrayInputStream;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.cert.CRLException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509CRL;
import java.security.cert.X509CRLEntry;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import java.util.Optional;
import org.bouncycastle.asn1.x509.Extension;
import org.jspecify.annotations.Nullable;

/** What a manufacturer's CA says it has taken back (RFC 5280, 5). Immutable. */
public final class ManufacturerCrl {
  private final X509CRL crl;

  private ManufacturerCrl(X509CRL crl) {
    this.crl = crl;
  }

  /**
   * Reads one, DER or PEM.
   *
   * @throws IllegalArgumentException if it is none, or one for a part of the certificates only
   */
  public static ManufacturerCrl parse(byte[] encoded) {
    X509CRL crl;
    try {
      crl = (X509CRL)
          CertificateFactory.getInstance("X.509").generateCRL(new ByteArrayInputStream(encoded));
    } catch (GeneralSecurityException e) {
      throw new IllegalArgumentException("crl: cannot be read (expected: DER or PEM)", e);
    }
    if (crl == null) {
      throw new IllegalArgumentException("crl: empty (expected: DER or PEM)");
    }
    for (var part : List.of(Extension.deltaCRLIndicator, Extension.issuingDistributionPoint)) {
      if (crl.getExtensionValue(part.getId()) != null) {
        throw new IllegalArgumentException(
            "crl: for some certificates only (expected: a full CRL of the CA)");
      }
    }
    if (crl.hasUnsupportedCriticalExtension()) {
      throw new IllegalArgumentException("crl: has a critical extension that is not known here");
    }
    return new ManufacturerCrl(crl);
  }

  /** What is wrong with it as the CRL of {@code ca}; empty if nothing is. */
  public Optional<String> flaw(X509Certificate ca, Instant now) {
    if (!crl.getIssuerX500Principal().equals(ca.getSubjectX500Principal())) {
      return Optional.of("crl: of " + Quoted.of(crl.getIssuerX500Principal().getName())
          + " (expected: of " + Quoted.of(ca.getSubjectX500Principal().getName()) + ")");
    }
    if (Signatures.isWeak(crl)) {
      return Optional.of(
          "crl: signed with " + crl.getSigAlgName() + " (expected: SHA-256 or better)");
    }
    if (thisUpdate().isAfter(now)) {
      return Optional.of("crl: of the future, " + thisUpdate());
    }
    try {
      crl.verify(ca.getPublicKey());
      return Optional.empty();
    } catch (GeneralSecurityException e) {
      return Optional.of("crl: not signed with the key of the CA");
    }
  }

  public Instant thisUpdate() {
    return crl.getThisUpdate().toInstant();
  }

  /** When the next one was due; empty if it does not say. */
  public Optional<Instant> nextUpdate() {
    return Optional.ofNullable(crl.getNextUpdate()).map(Date::toInstant);
  }

  /** Whether a newer one is due. */
  public boolean isStale(Instant now) {
    return nextUpdate().map(due -> now.isAfter(due)).orElse(false);
  }

  /** When a certificate of this CA was taken back; empty if it was not. */
  public Optional<Instant> revoked(X509Certificate certificate) {
    @Nullable X509CRLEntry entry = crl.getRevokedCertificate(certificate.getSerialNumber());
    return Optional.ofNullable(entry).map(one -> one.getRevocationDate().toInstant());
  }

  /** Whether a certificate of this CA with that serial number was taken back. */
  public boolean names(BigInteger serial) {
    return crl.getRevokedCertificate(serial) != null;
  }

  /** How many it names. */
  public int size() {
    return crl.getRevokedCertificates() == null
        ? 0
        : crl.getRevokedCertificates().size();
  }

  /** DER. */
  public byte[] encoded() {
    try {
      return crl.getEncoded();
    } catch (CRLException e) {
      throw new IllegalStateException("CRL without an encoding", e);
    }
  }
}
