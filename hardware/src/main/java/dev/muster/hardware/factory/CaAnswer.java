/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.hardware.factory;

import dev.muster.hardware.factory.CertificationOrder.Purpose;
import dev.muster.protocol.identity.CertificateLink;
import dev.muster.protocol.identity.DistinguishedName;
import dev.muster.protocol.identity.Quoted;
import java.security.GeneralSecurityException;
import java.security.cert.CertPath;
import java.security.cert.CertPathValidator;
import java.security.cert.CertPathValidatorException;
import java.security.cert.CertificateFactory;
import java.security.cert.CertificateParsingException;
import java.security.cert.PKIXParameters;
import java.security.cert.TrustAnchor;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Date;
import java.util.List;
import java.util.Set;
import javax.security.auth.x500.X500Principal;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.jspecify.annotations.Nullable;

/**
 * Holds what a CA has answered to what it was asked: before anything of it reaches a device, and as
 * the enrollment service will.
 *
 * @param ca the manufacturer's CA, as it is registered there
 */
record CaAnswer(CertificationOrder order, X509Certificate ca, Instant now) {
  /**
   * Checks an answer.
   *
   * @param certificates the one that was asked for first
   * @return it and the CAs between it and the manufacturer's, without what else was there
   * @throws FactoryException telling what is wrong, and what was expected
   */
  List<X509Certificate> check(List<X509Certificate> certificates) {
    X509Certificate issued = certificates.get(0);
    requireKey(issued);
    requireName(issued);
    List<X509Certificate> path = path(certificates);
    requireValid(issued);
    X509Certificate issuer = path.size() > 1 ? path.get(1) : ca;
    switch (order.purpose()) {
      case IDEVID ->
        IdevidRules.violation(issued, issuer).ifPresent(fault -> {
          throw wrong(fault);
        });
      case MANIFEST -> requireStation(issued);
      case PROOF -> {
        if (path.size() > 1) {
          throw wrong("issued by a CA below the registered one (expected: by that itself, as it is"
              + " its key that is to be proven)");
        }
      }
    }
    requirePath(path);
    return path;
  }

  private void requireKey(X509Certificate issued) {
    if (!issued.getPublicKey().equals(order.key())) {
      throw wrong("of another key, " + Label.fingerprint(issued.getPublicKey())
          + " (expected: that of the request, " + order.fingerprint()
          + "; the device's certificate comes first, those of CAs behind it)");
    }
  }

  private void requireName(X509Certificate issued) {
    X500Name found = X500Name.getInstance(issued.getSubjectX500Principal().getEncoded());
    // As names SN-1 and sn-1 are the same (RFC 5280, 7.1); as serial numbers they are not.
    boolean same = found.equals(order.subject())
        && (order.purpose() != Purpose.IDEVID || order.name().equals(serialNumber(issued)));
    if (!same) {
      throw wrong("named " + quoted(issued.getSubjectX500Principal())
          + " (expected: as the request has it, "
          + Quoted.of(order.subject().toString())
          + "; `openssl ca` takes only what its policy lists)");
    }
  }

  private static @Nullable String serialNumber(X509Certificate certificate) {
    try {
      return DistinguishedName.of(certificate.getSubjectX500Principal())
          .serialNumber()
          .orElse(null);
    } catch (IllegalArgumentException e) {
      return null;
    }
  }

  /** The certificates of a chain may come in any order, and with some that nobody needs. */
  private List<X509Certificate> path(List<X509Certificate> certificates) {
    List<X509Certificate> path = new ArrayList<>(List.of(certificates.get(0)));
    X509Certificate top = certificates.get(0);
    while (!CertificateLink.issued(ca, top)) {
      X509Certificate above = issuer(top, path, certificates);
      path.add(above);
      top = above;
    }
    return List.copyOf(path);
  }

  private X509Certificate issuer(
      X509Certificate top, List<X509Certificate> path, List<X509Certificate> certificates) {
    return certificates.stream()
        .filter(above -> !path.contains(above) && CertificateLink.issued(above, top))
        .findFirst()
        .orElseThrow(() -> {
          boolean named = top.getIssuerX500Principal().equals(ca.getSubjectX500Principal());
          return wrong("its chain does not lead to the manufacturer's CA: "
              + quoted(top.getSubjectX500Principal()) + " was issued by "
              + (named
                  ? "a CA of that name with another key"
                  : quoted(top.getIssuerX500Principal()))
              + " (expected: by " + quoted(ca.getSubjectX500Principal())
              + " of the factory's ca.pem, or with the CAs between behind it)");
        });
  }

  /** With the words for its attributes; the JDK has none for a serial number. */
  private static String quoted(X500Principal name) {
    return Quoted.of(X500Name.getInstance(name.getEncoded()).toString());
  }

  private void requireValid(X509Certificate issued) {
    Instant begin = issued.getNotBefore().toInstant();
    Instant end = issued.getNotAfter().toInstant();
    if (begin.isAfter(now.plus(FactoryCertificates.CLOCK_SKEW))) {
      throw wrong("not valid before " + begin + " (expected: valid now, " + now
          + "; is the clock of the station or of the CA wrong?)");
    }
    if (now.isAfter(end)) {
      throw wrong("expired at " + end + " (expected: valid now, " + now
          + "; is the clock of the station or of the CA wrong?)");
    }
  }

  /** RFC 5280, 6: what the CAs between may do, and whether they are valid. */
  private void requirePath(List<X509Certificate> path) {
    if (path.size() - 1 > ca.getBasicConstraints()) {
      throw wrong("its chain is longer than the manufacturer's CA allows (expected: "
          + ca.getBasicConstraints() + " CAs between)");
    }
    try {
      PKIXParameters parameters = new PKIXParameters(Set.of(new TrustAnchor(ca, null)));
      parameters.setRevocationEnabled(false);
      parameters.setDate(Date.from(latest(path)));
      CertPath certificates = CertificateFactory.getInstance("X.509").generateCertPath(path);
      CertPathValidator.getInstance("PKIX").validate(certificates, parameters);
    } catch (CertPathValidatorException e) {
      throw wrong("its chain does not hold: " + e.getMessage()
          + " (expected: CAs that are valid and may issue it; RFC 5280, 6)");
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("no PKIX in this Java", e);
    }
  }

  /** Now, or a little later where the CA's clock is ahead of ours. */
  private Instant latest(List<X509Certificate> path) {
    Instant begin = path.get(0).getNotBefore().toInstant();
    return begin.isAfter(now) ? begin : now;
  }

  private void requireStation(X509Certificate issued) {
    try {
      @Nullable List<String> purposes = issued.getExtendedKeyUsage();
      if (purposes == null
          || !purposes.contains(KeyPurposeId.id_kp_emailProtection.getId())
          || issued.getBasicConstraints() >= 0) {
        throw wrong("not that of a station (expected: extended key usage emailProtection, and no"
            + " CA; FACTORY_REQUEST is manifest for it)");
      }
    } catch (CertificateParsingException e) {
      throw wrong("an extended key usage that cannot be read (expected: emailProtection)");
    }
  }

  private FactoryException wrong(String fault) {
    return new FactoryException("the CA's certificate for " + order + ": " + fault);
  }
}
