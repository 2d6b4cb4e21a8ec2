/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.manifest;

import dev.muster.enrollment.csr.CertificateKeys;
import dev.muster.protocol.identity.DistinguishedName;
import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.cert.CertPathBuilder;
import java.security.cert.CertStore;
import java.security.cert.CertificateParsingException;
import java.security.cert.CollectionCertStoreParameters;
import java.security.cert.PKIXBuilderParameters;
import java.security.cert.PKIXCertPathBuilderResult;
import java.security.cert.TrustAnchor;
import java.security.cert.X509CertSelector;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Date;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.bouncycastle.asn1.nist.NISTObjectIdentifiers;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cms.CMSException;
import org.bouncycastle.cms.CMSProcessableByteArray;
import org.bouncycastle.cms.CMSSignedData;
import org.bouncycastle.cms.SignerInformation;
import org.bouncycastle.cms.jcajce.JcaSimpleSignerInfoVerifierBuilder;
import org.bouncycastle.operator.OperatorCreationException;
import org.jspecify.annotations.Nullable;

/**
 * A manifest inside a CMS SignedData (RFC 5652), signed by a manufacturer's CA or by a station that
 * the CA has certified.
 */
sealed interface SignedManifest {
  /** As its signer made it. @param signer subject of the signer's certificate */
  record Genuine(byte[] content, String signer) implements SignedManifest {}

  /** Nothing of it counts. @param reason for the operator */
  record Refused(String reason) implements SignedManifest {}

  /**
   * Opens it.
   *
   * @param der the SignedData
   * @param cas whose word counts
   * @param doubts about those that they have certified
   */
  static SignedManifest open(
      byte[] der, List<X509Certificate> cas, ManifestImport.StationDoubts doubts, Instant now) {
    try {
      return new Check(cas, doubts, now).open(new CMSSignedData(der));
    } catch (CMSException | IOException | GeneralSecurityException e) {
      return new Refused("signature: cannot be checked (expected: CMS SignedData with content)");
    } catch (RuntimeException e) {
      // BouncyCastle's many ways to say that a structure is not what its place demands.
      return new Refused("signature: no sound CMS (expected: SignedData, RFC 5652)");
    }
  }

  /** The checks, one after another. */
  final class Check {
    /** What a station's certificate must say; an IDevID, which may sign anything, does not. */
    private static final String EMAIL_PROTECTION = "1.3.6.1.5.5.7.3.4";

    private static final Set<String> DIGESTS = Set.of(
        NISTObjectIdentifiers.id_sha256.getId(),
        NISTObjectIdentifiers.id_sha384.getId(),
        NISTObjectIdentifiers.id_sha512.getId());

    private final List<X509Certificate> cas;
    private final ManifestImport.StationDoubts doubts;
    private final Instant now;

    private Check(List<X509Certificate> cas, ManifestImport.StationDoubts doubts, Instant now) {
      this.cas = cas;
      this.doubts = doubts;
      this.now = now;
    }

    private SignedManifest open(CMSSignedData signed)
        throws CMSException, IOException, GeneralSecurityException {
      if (!(signed.getSignedContent() instanceof CMSProcessableByteArray content)) {
        return new Refused("content: none (expected: the manifest inside, openssl cms -nodetach)");
      }
      Collection<SignerInformation> signers = signed.getSignerInfos().getSigners();
      if (signers.size() != 1) {
        return new Refused("signers: " + signers.size() + " (expected: one)");
      }
      SignerInformation signer = signers.iterator().next();
      if (!DIGESTS.contains(signer.getDigestAlgOID())) {
        return new Refused("signature: weak digest (expected: SHA-256 or better)");
      }
      List<X509Certificate> included = certificates(signed);
      @Nullable X509Certificate certificate = signerOf(signer, included);
      if (certificate == null) {
        return new Refused("signer: its certificate is not there (expected: in the SignedData)");
      }
      @Nullable String unfit = unfit(certificate, included);
      if (unfit != null) {
        return new Refused("signer: " + unfit);
      }
      return isSigned(signer, certificate)
          ? new Genuine(
              (byte[]) content.getContent(),
              certificate.getSubjectX500Principal().getName())
          : new Refused("signature: does not fit the content (expected: as it was signed)");
    }

    private static List<X509Certificate> certificates(CMSSignedData signed)
        throws GeneralSecurityException {
      List<X509Certificate> certificates = new ArrayList<>();
      for (X509CertificateHolder holder : signed.getCertificates().getMatches(null)) {
        certificates.add(new JcaX509CertificateConverter().getCertificate(holder));
      }
      return certificates;
    }

    private @Nullable X509Certificate signerOf(
        SignerInformation signer, List<X509Certificate> included)
        throws GeneralSecurityException, IOException {
      List<X509Certificate> all = new ArrayList<>(included);
      all.addAll(cas);
      for (X509Certificate candidate : all) {
        if (signer.getSID().match(new X509CertificateHolder(candidate.getEncoded()))) {
          return candidate;
        }
      }
      return null;
    }

    private @Nullable String unfit(X509Certificate signer, List<X509Certificate> included) {
      @Nullable String weakness = CertificateKeys.weakness(signer.getPublicKey()).orElse(null);
      if (weakness != null) {
        return weakness;
      }
      if (cas.contains(signer)) {
        return null;
      }
      if (!isStation(signer)) {
        return "not a station's certificate (expected: extended key usage emailProtection, and no"
            + " serialNumber in the subject, which is a device's)";
      }
      Optional<PKIXCertPathBuilderResult> found = path(signer, included);
      if (found.isEmpty()) {
        return "not certified by a CA of this manufacturer, or no longer";
      }
      List<X509Certificate> path = new ArrayList<>();
      found
          .get()
          .getCertPath()
          .getCertificates()
          .forEach(certificate -> path.add((X509Certificate) certificate));
      return doubts.about(path, found.get().getTrustAnchor().getTrustedCert()).orElse(null);
    }

    private static boolean isStation(X509Certificate certificate) {
      try {
        @Nullable List<String> purposes = certificate.getExtendedKeyUsage();
        return purposes != null
            && purposes.contains(EMAIL_PROTECTION)
            && certificate.getBasicConstraints() < 0
            && DistinguishedName.of(certificate.getSubjectX500Principal())
                .serialNumber()
                .isEmpty();
      } catch (CertificateParsingException | IllegalArgumentException e) {
        return false;
      }
    }

    private Optional<PKIXCertPathBuilderResult> path(
        X509Certificate signer, List<X509Certificate> included) {
      if (cas.isEmpty()) {
        return Optional.empty();
      }
      try {
        X509CertSelector target = new X509CertSelector();
        target.setCertificate(signer);
        Set<TrustAnchor> anchors =
            cas.stream().map(ca -> new TrustAnchor(ca, null)).collect(Collectors.toSet());
        PKIXBuilderParameters parameters = new PKIXBuilderParameters(anchors, target);
        parameters.addCertStore(
            CertStore.getInstance("Collection", new CollectionCertStoreParameters(included)));
        // Manufacturers' CRLs are ours to find and to judge.
        parameters.setRevocationEnabled(false);
        parameters.setDate(Date.from(now));
        return Optional.of(
            (PKIXCertPathBuilderResult) CertPathBuilder.getInstance("PKIX").build(parameters));
      } catch (GeneralSecurityException e) {
        return Optional.empty();
      }
    }

    private static boolean isSigned(SignerInformation signer, X509Certificate certificate) {
      try {
        // By key: whether the certificate was valid is decided above, by our clock.
        return signer.verify(
            new JcaSimpleSignerInfoVerifierBuilder().build(certificate.getPublicKey()));
      } catch (CMSException | OperatorCreationException e) {
        return false;
      }
    }
  }
}
