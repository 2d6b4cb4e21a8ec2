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
import java.security.GeneralSecurityException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.List;
import org.bouncycastle.cert.X509v2CRLBuilder;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Signs nothing that the lint finds fault with. A draft is judged, whole but for a signature that
 * is worth anything; only then does the CA's key sign, and the very bytes that were judged: a
 * signature cannot be taken back.
 *
 * <p>Thread-safe.
 */
public final class LintedSigner {
  private static final Logger LOG = LoggerFactory.getLogger(LintedSigner.class);

  private final X509Certificate issuer;
  private final SigningKey key;
  private final CertificateLint certificates;
  private final CrlLint crls;

  /**
   * @param issuer the CA's certificate
   * @param key the CA's
   */
  public LintedSigner(X509Certificate issuer, SigningKey key) {
    this.issuer = requireNonNull(issuer, "issuer");
    this.key = requireNonNull(key, "key");
    this.certificates = new CertificateLint(issuer);
    this.crls = new CrlLint(issuer);
  }

  /**
   * @param toBeSigned a TBSCertificate, in DER
   * @param longestValidity from beginning to end, as the profile has it
   * @return the certificate, in DER
   * @throws IssuanceException if the lint finds fault, which is one of ours, or the key cannot be
   *     used
   */
  public byte[] sign(byte[] toBeSigned, CertificateKind kind, Duration longestValidity)
      throws GeneralSecurityException {
    byte[] draft = DraftSigner.signed(toBeSigned, key.scheme());
    refuse(certificates.check(draft, kind, longestValidity));
    byte[] signature = key.sign(toBeSigned);
    // Faulty hardware makes signatures that tell its key; none may get out.
    if (!verifies(toBeSigned, signature)) {
      throw new IssuanceException("key " + key.name() + ": its signature does not verify");
    }
    return key.scheme().signed(toBeSigned, signature);
  }

  private boolean verifies(byte[] signed, byte[] signature) throws GeneralSecurityException {
    return CryptoProviders.fastest()
        .verifies(key.scheme().jcaName(), issuer.getPublicKey(), signed, signature);
  }

  /**
   * @return the CRL, in DER: what is made of it depends on who asks, and it may be large
   * @throws IssuanceException if the lint finds fault, which is one of ours, or the key cannot be
   *     used
   */
  public byte[] sign(X509v2CRLBuilder builder) {
    DraftSigner draft = new DraftSigner(key.scheme());
    builder.build(draft);
    refuse(crls.check(DraftSigner.signed(draft.toBeSigned(), key.scheme())));
    return key.scheme().signed(draft.toBeSigned(), key.sign(draft.toBeSigned()));
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
}
