/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.audit;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.cert.CertPathBuilder;
import java.security.cert.CertStore;
import java.security.cert.CollectionCertStoreParameters;
import java.security.cert.PKIXBuilderParameters;
import java.security.cert.TrustAnchor;
import java.security.cert.X509CertSelector;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Date;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.bouncycastle.asn1.x500.style.BCStyle;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cms.CMSException;
import org.bouncycastle.cms.CMSSignedData;
import org.bouncycastle.cms.SignerInformation;
import org.bouncycastle.cms.jcajce.JcaSimpleSignerInfoVerifierBuilder;
import org.bouncycastle.operator.OperatorCreationException;

/** Reads signed checkpoints, and finds out whether it was us who signed them. */
final class SignedCheckpoint {
  /** The OU of who signs the log, in a certificate of the service CA. */
  static final String UNIT = "audit";

  private SignedCheckpoint() {}

  /**
   * One that leads to a root.
   *
   * @param authorities the serial numbers of the CAs between its signer and the root, as lower-case
   *     hexadecimal digits
   */
  record Proof(Checkpoint checkpoint, Set<String> authorities) {}

  /**
   * @param roots whom to trust
   * @throws IllegalArgumentException telling what is wrong
   */
  static Proof verify(byte[] signed, List<X509Certificate> roots) {
    try {
      CMSSignedData data = new CMSSignedData(signed);
      if (data.getSignedContent() == null
          || !(data.getSignedContent().getContent() instanceof byte[] content)) {
        throw new IllegalArgumentException("checkpoint: without content");
      }
      List<SignerInformation> signers = List.copyOf(data.getSignerInfos().getSigners());
      if (signers.size() != 1) {
        throw new IllegalArgumentException(
            "checkpoint: " + signers.size() + " signers (expected: one)");
      }
      Checkpoint checkpoint = Checkpoint.parse(new String(content, StandardCharsets.US_ASCII));
      List<X509Certificate> path = pathOf(data, signers.get(0), roots, Date.from(checkpoint.at()));
      if (!signers.get(0).verify(new JcaSimpleSignerInfoVerifierBuilder().build(path.get(0)))) {
        throw new IllegalArgumentException("checkpoint " + checkpoint.seq() + ": wrong signature");
      }
      return new Proof(
          checkpoint,
          path.stream()
              .skip(1)
              .map(ca -> ca.getSerialNumber().toString(16))
              .collect(Collectors.toUnmodifiableSet()));
    } catch (CMSException | OperatorCreationException e) {
      throw new IllegalArgumentException("checkpoint: not CMS SignedData that can be verified", e);
    } catch (GeneralSecurityException e) {
      throw new IllegalArgumentException(
          "checkpoint: its signer does not lead to the root (" + e.getMessage() + ")", e);
    }
  }

  /** From the signer to the certificate that a root has issued. */
  @SuppressWarnings("unchecked") // BouncyCastle's signer ids know no types.
  private static List<X509Certificate> pathOf(
      CMSSignedData data, SignerInformation signer, List<X509Certificate> roots, Date at)
      throws GeneralSecurityException {
    List<X509Certificate> inside = new ArrayList<>();
    for (Object holder : data.getCertificates().getMatches(null)) {
      inside.add(new JcaX509CertificateConverter().getCertificate((X509CertificateHolder) holder));
    }
    Collection<X509CertificateHolder> matches = data.getCertificates().getMatches(signer.getSID());
    X509CertificateHolder own = matches.stream()
        .findFirst()
        .orElseThrow(
            () -> new IllegalArgumentException("checkpoint: signer's certificate missing"));
    boolean ours = Arrays.stream(own.getSubject().getRDNs(BCStyle.OU))
        .anyMatch(unit -> unit.getFirst().getValue().toString().equals(UNIT));
    if (!ours) {
      throw new IllegalArgumentException("checkpoint: signed by " + own.getSubject()
          + " (expected: OU=" + UNIT + ", who signs nothing but this log)");
    }
    X509Certificate certificate = new JcaX509CertificateConverter().getCertificate(own);
    X509CertSelector target = new X509CertSelector();
    target.setCertificate(certificate);
    Set<TrustAnchor> anchors =
        roots.stream().map(root -> new TrustAnchor(root, null)).collect(Collectors.toSet());
    PKIXBuilderParameters parameters = new PKIXBuilderParameters(anchors, target);
    parameters.setRevocationEnabled(false);
    parameters.setDate(at);
    parameters.addCertStore(
        CertStore.getInstance("Collection", new CollectionCertStoreParameters(inside)));
    return CertPathBuilder.getInstance("PKIX")
        .build(parameters)
        .getCertPath()
        .getCertificates()
        .stream()
        .map(X509Certificate.class::cast)
        .toList();
  }
}
