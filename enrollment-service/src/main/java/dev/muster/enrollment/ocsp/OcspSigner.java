/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.ocsp;

import dev.muster.enrollment.audit.Actor;
import dev.muster.enrollment.audit.AuditEvent;
import dev.muster.enrollment.crypto.CryptoProviders;
import dev.muster.enrollment.inventory.CertificateRecord;
import dev.muster.enrollment.inventory.Registry;
import dev.muster.enrollment.issuance.CertificateIssuer;
import dev.muster.enrollment.issuance.CertificateProfile;
import dev.muster.enrollment.issuance.IssuedCertificate;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.time.Duration;
import java.time.Instant;
import org.bouncycastle.operator.ContentSigner;
import org.bouncycastle.operator.OperatorCreationException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Signs in the name of one issuer (RFC 6960, 4.2.2.2), so that the CA's own key stays out of reach
 * of whoever asks. Its key lives in memory, for a day or as long as the process; nobody can steal
 * it from a disk, and a new one costs nothing.
 *
 * <p>Thread-safe; getting a credential blocks when it is time for a new one.
 */
final class OcspSigner {
  private static final Logger LOG = LoggerFactory.getLogger(OcspSigner.class);

  /** The longest that an answer may be good. */
  static final Duration MAX_ANSWER = Duration.ofDays(1);

  private static final Duration USE = Duration.ofDays(1);
  /** A signer must outlive its answers. */
  private static final Duration VALIDITY = USE.plus(MAX_ANSWER).plusHours(1);

  private final CertificateIssuer issuer;
  private final Registry registry;
  private @Nullable Credential credential;

  OcspSigner(CertificateIssuer issuer, Registry registry) {
    this.issuer = issuer;
    this.registry = registry;
  }

  /** A key with its certificate. */
  record Credential(KeyPair keys, X509Certificate certificate, Instant since) {
    boolean isFresh(Instant now) {
      return !now.isBefore(since) && now.isBefore(since.plus(USE));
    }
  }

  synchronized Credential at(Instant now) {
    @Nullable Credential before = credential;
    if (before != null && before.isFresh(now)) {
      return before;
    }
    Credential next = newCredential(now);
    credential = next;
    return next;
  }

  private Credential newCredential(Instant now) {
    KeyPair keys = newKeys();
    IssuedCertificate certificate =
        issuer.issue(CertificateProfile.ocspSigner(issuer.id(), VALIDITY), keys.getPublic(), now);
    CertificateRecord record =
        CertificateRecord.issued(issuer.id(), "ocsp", null, null, now, certificate);
    registry.commit(tables -> {
      tables.certificates().insert(record);
      tables
          .audit()
          .append(
              AuditEvent.of(Actor.SYSTEM, "certificate.issued", "ca:" + issuer.id())
                  .with("role", record.role())
                  .with("serial", record.serial())
                  .with("notAfter", record.notAfter()),
              now);
      return record;
    });
    LOG.info(
        "OCSP signer issued issuer={} serial={} notAfter={}",
        issuer.id(),
        record.serial(),
        record.notAfter());
    return new Credential(keys, certificate.certificate(), now);
  }

  private static KeyPair newKeys() {
    try {
      KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
      generator.initialize(new ECGenParameterSpec("secp256r1"));
      return generator.generateKeyPair();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("this JDK makes no P-256 keys", e);
    }
  }

  /** Signs with a credential's key. */
  static ContentSigner contentSigner(Credential credential) throws OperatorCreationException {
    return CryptoProviders.fastest().signer("SHA256withECDSA", credential.keys.getPrivate());
  }
}
