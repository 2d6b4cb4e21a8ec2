/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.issuance;

import static java.util.Objects.requireNonNull;

import dev.muster.enrollment.crypto.CryptoProviders;
import dev.muster.enrollment.issuance.lint.CertificateKind;
import dev.muster.enrollment.issuance.lint.CertificateLint;
import dev.muster.enrollment.issuance.lint.CrlLint;
import dev.muster.enrollment.issuance.lint.Finding;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.List;
import org.bouncycastle.asn1.ASN1Encodable;
import org.bouncycastle.asn1.ASN1Encoding;
import org.bouncycastle.asn1.DERBitString;
import org.bouncycastle.asn1.DERSequence;
import org.bouncycastle.cert.X509CRLHolder;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.cert.X509v2CRLBuilder;
import org.bouncycastle.cert.X509v3CertificateBuilder;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Signs nothing that the lint finds fault with. A draft is signed with a throwaway key and judged;
 * only then does the CA's key sign, and the very bytes that were judged: a signature cannot be
 * taken back.
 *
 * <p>Thread-safe.
 */
public final class LintedSigner {
  private static final Logger LOG = LoggerFactory.getLogger(LintedSigner.class);

  private final X509Certificate issuer;
  private final SigningKey key;
  private final SigningKey throwaway;
  private final CertificateLint certificates;
  private final CrlLint crls;

  /**
   * @param issuer the CA's certificate
   * @param key the CA's
   */
  public LintedSigner(X509Certificate issuer, SigningKey key) {
    this.issuer = requireNonNull(issuer, "issuer");
    this.key = requireNonNull(key, "key");
    this.throwaway = ThrowawayKeys.of(key.scheme());
    this.certificates = new CertificateLint(issuer);
    this.crls = new CrlLint(issuer);
  }

  /**
   * @param longestValidity from beginning to end, as the profile has it
   * @throws IssuanceException if the lint finds fault, which is one of ours, or the key cannot be
   *     used
   */
  public X509Certificate sign(
      X509v3CertificateBuilder builder, CertificateKind kind, Duration longestValidity)
      throws GeneralSecurityException, IOException {
    X509CertificateHolder draft = builder.build(throwaway.contentSigner());
    refuse(certificates.check(draft.getEncoded(), kind, longestValidity));
    byte[] der = signed(draft.toASN1Structure().getTBSCertificate());
    X509Certificate certificate = (X509Certificate)
        CertificateFactory.getInstance("X.509").generateCertificate(new ByteArrayInputStream(der));
    // Faulty hardware makes signatures that tell its key; none may get out.
    if (!CryptoProviders.fastest().signed(issuer.getPublicKey(), certificate)) {
      throw new IssuanceException("key " + key.name() + ": its signature does not verify");
    }
    return certificate;
  }

  /**
   * @return the CRL, in DER: what is made of it depends on who asks, and it may be large
   * @throws IssuanceException if the lint finds fault, which is one of ours, or the key cannot be
   *     used
   */
  public byte[] sign(X509v2CRLBuilder builder) throws IOException {
    X509CRLHolder draft = builder.build(throwaway.contentSigner());
    refuse(crls.check(draft.getEncoded()));
    return signed(draft.toASN1Structure().getTBSCertList());
  }

  private void refuse(List<Finding> findings) {
    if (!findings.isEmpty()) {
      LOG.error(
          "Lint refused a draft issuer=\"{}\" findings={}",
          issuer.getSubjectX500Principal().getName(),
          findings);
      throw new IssuanceException("lint: " + findings.get(0));
    }
  }

  private byte[] signed(ASN1Encodable draft) throws IOException {
    byte[] signature = key.sign(draft.toASN1Primitive().getEncoded(ASN1Encoding.DER));
    return new DERSequence(
            new ASN1Encodable[] {draft, key.scheme().identifier(), new DERBitString(signature)})
        .getEncoded(ASN1Encoding.DER);
  }
}
