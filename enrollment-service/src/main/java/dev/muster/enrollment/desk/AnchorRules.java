/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.desk;

import java.security.cert.CertificateExpiredException;
import java.security.cert.CertificateNotYetValidException;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import java.util.Optional;
import org.bouncycastle.asn1.ASN1OctetString;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.GeneralSubtree;
import org.bouncycastle.asn1.x509.NameConstraintValidatorException;
import org.bouncycastle.asn1.x509.NameConstraints;
import org.bouncycastle.asn1.x509.PKIXNameConstraintValidator;

/**
 * Holds a path to what a CA above it says about itself; also to what the trust anchor says. To PKIX
 * an anchor is a name and a key (RFC 5280, 6.1.1 d), but a manufacturer that limited its CA meant
 * it.
 */
final class AnchorRules {
  private AnchorRules() {}

  /**
   * @param path from the device's certificate to the one that {@code anchor} issued
   * @return what is wrong, for the sender; empty if nothing is
   */
  static Optional<String> violation(
      List<X509Certificate> path, X509Certificate anchor, Instant now) {
    return ended(anchor, now).or(() -> tooLong(path, anchor)).or(() -> foreignName(path, anchor));
  }

  private static Optional<String> ended(X509Certificate anchor, Instant now) {
    try {
      anchor.checkValidity(Date.from(now));
      return Optional.empty();
    } catch (CertificateExpiredException e) {
      return Optional.of("its manufacturer's CA has expired");
    } catch (CertificateNotYetValidException e) {
      return Optional.of("its manufacturer's CA is not yet valid");
    }
  }

  private static Optional<String> tooLong(List<X509Certificate> path, X509Certificate anchor) {
    long between =
        path.stream().skip(1).filter(certificate -> !isSelfIssued(certificate)).count();
    return between > anchor.getBasicConstraints()
        ? Optional.of("its chain is longer than its manufacturer's CA allows (expected: "
            + anchor.getBasicConstraints() + " CAs between)")
        : Optional.empty();
  }

  private static Optional<String> foreignName(List<X509Certificate> path, X509Certificate anchor) {
    byte[] extension = anchor.getExtensionValue(Extension.nameConstraints.getId());
    if (extension == null) {
      return Optional.empty();
    }
    try {
      PKIXNameConstraintValidator limits = limits(extension);
      for (int i = 0; i < path.size(); i++) {
        if (i == 0 || !isSelfIssued(path.get(i))) {
          checkNames(limits, path.get(i));
        }
      }
      return Optional.empty();
    } catch (NameConstraintValidatorException e) {
      return Optional.of("a name in its chain is beyond what its manufacturer's CA may name");
    } catch (RuntimeException e) {
      // BouncyCastle's many ways to say that a structure is not what its place demands.
      return Optional.of("the name constraints of its manufacturer's CA cannot be checked");
    }
  }

  private static PKIXNameConstraintValidator limits(byte[] extension) {
    NameConstraints constraints =
        NameConstraints.getInstance(ASN1OctetString.getInstance(extension).getOctets());
    PKIXNameConstraintValidator limits = new PKIXNameConstraintValidator();
    if (constraints.getPermittedSubtrees() != null) {
      limits.intersectPermittedSubtree(constraints.getPermittedSubtrees());
    }
    if (constraints.getExcludedSubtrees() != null) {
      for (GeneralSubtree excluded : constraints.getExcludedSubtrees()) {
        limits.addExcludedSubtree(excluded);
      }
    }
    return limits;
  }

  private static void checkNames(PKIXNameConstraintValidator limits, X509Certificate certificate)
      throws NameConstraintValidatorException {
    X500Name subject =
        X500Name.getInstance(certificate.getSubjectX500Principal().getEncoded());
    if (subject.size() > 0) {
      limits.checkPermittedDN(subject);
      limits.checkExcludedDN(subject);
    }
    byte[] names = certificate.getExtensionValue(Extension.subjectAlternativeName.getId());
    if (names != null) {
      byte[] octets = ASN1OctetString.getInstance(names).getOctets();
      for (GeneralName name : GeneralNames.getInstance(octets).getNames()) {
        limits.checkPermitted(name);
        limits.checkExcluded(name);
      }
    }
  }

  private static boolean isSelfIssued(X509Certificate certificate) {
    return certificate.getSubjectX500Principal().equals(certificate.getIssuerX500Principal());
  }
}
