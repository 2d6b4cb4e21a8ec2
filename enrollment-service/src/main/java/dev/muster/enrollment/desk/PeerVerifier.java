/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.desk;

import dev.muster.enrollment.authority.CertificateAuthorities;
import dev.muster.enrollment.crypto.CryptoProviders;
import dev.muster.enrollment.csr.VerifiedCsr;
import dev.muster.enrollment.inventory.Manufacturer;
import dev.muster.enrollment.inventory.ManufacturerCa;
import dev.muster.protocol.identity.DistinguishedName;
import java.security.GeneralSecurityException;
import java.security.cert.CertPathValidator;
import java.security.cert.CertPathValidatorException;
import java.security.cert.CertificateExpiredException;
import java.security.cert.CertificateFactory;
import java.security.cert.CertificateNotYetValidException;
import java.security.cert.CertificateParsingException;
import java.security.cert.PKIXParameters;
import java.security.cert.TrustAnchor;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Date;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Finds out whose certificate a peer has shown (RFC 5280, 6; RFC 7030, 3.3.2). TLS has proven
 * possession of the key and nothing more: trust is decided here, for each request anew, so that a
 * resumed session has no older rights.
 *
 * <p>Thread-safe; costs some signature checks.
 */
final class PeerVerifier {
  private static final int MAX_CHAIN = 6;
  private static final int DIGITAL_SIGNATURE = 0;
  private static final String CLIENT_AUTH = "1.3.6.1.5.5.7.3.2";
  private static final String ANY_PURPOSE = "2.5.29.37.0";

  private final TrustView trust;
  private final CertificateAuthorities authorities;
  private final CryptoProviders crypto;

  PeerVerifier(TrustView trust, CertificateAuthorities authorities, CryptoProviders crypto) {
    this.trust = trust;
    this.authorities = authorities;
    this.crypto = crypto;
  }

  /** @param chain as it came over TLS, own certificate first; empty if none came */
  Peer identify(List<X509Certificate> chain, Instant now) {
    if (chain.isEmpty()) {
      return new Peer.Anonymous();
    }
    X509Certificate leaf = chain.get(0);
    Optional<String> unfit = unfit(chain);
    if (unfit.isPresent()) {
      return new Peer.Rejected(leaf, unfit.get());
    }
    if (issued(authorities.deviceCa(), leaf)) {
      return checked(List.of(leaf), authorities.deviceCa(), now, new Peer.Operational(leaf));
    }
    if (issued(authorities.serviceCa(), leaf)) {
      return checked(List.of(leaf), authorities.serviceCa(), now, new Peer.Service(leaf));
    }
    return identifyFactory(chain, now);
  }

  private Peer identifyFactory(List<X509Certificate> chain, Instant now) {
    X509Certificate leaf = chain.get(0);
    // From the leaf upwards, so that of two trust anchors in one chain the nearer one decides.
    for (int top = 0; top < chain.size(); top++) {
      List<X509Certificate> path = chain.subList(0, top + 1);
      @Nullable Peer refused = null;
      for (Manufacturer manufacturer : trust.manufacturers()) {
        for (ManufacturerCa ca : manufacturer.cas()) {
          X509Certificate anchor = ca.certificate();
          if (issued(anchor, chain.get(top))) {
            Peer peer = trust
                .barred(manufacturer, ca, now)
                .<Peer>map(reason -> new Peer.Rejected(leaf, reason))
                .orElseGet(() -> checkedFactory(path, anchor, now, factory(manufacturer, leaf)));
            if (!(peer instanceof Peer.Rejected)) {
              return peer;
            }
            // A CA's certificate may have been renewed under the same key: another may do.
            refused = refused == null ? peer : refused;
          }
        }
      }
      if (refused != null) {
        return refused;
      }
    }
    return new Peer.Rejected(
        leaf, "client certificate: issued by nobody we know (expected: a registered manufacturer)");
  }

  private static Peer checkedFactory(
      List<X509Certificate> path, X509Certificate anchor, Instant now, Peer peer) {
    Peer checked = checked(path, anchor, now, peer);
    if (checked instanceof Peer.Rejected) {
      return checked;
    }
    return AnchorRules.violation(path, anchor, now)
        .<Peer>map(reason -> new Peer.Rejected(path.get(0), "client certificate: " + reason))
        .orElse(checked);
  }

  private static Peer factory(Manufacturer manufacturer, X509Certificate idevid) {
    try {
      DistinguishedName name = DistinguishedName.of(idevid.getSubjectX500Principal());
      Optional<String> serial = name.serialNumber();
      if (serial.isEmpty() || serial.get().isEmpty()) {
        return new Peer.Rejected(
            idevid, "IDevID: no serialNumber in its subject (expected: one, IEEE 802.1AR)");
      }
      return new Peer.Factory(manufacturer, serial.get(), names(name), idevid);
    } catch (IllegalArgumentException e) {
      return new Peer.Rejected(idevid, "IDevID: its subject cannot be read: " + e.getMessage());
    }
  }

  private static List<VerifiedCsr.Name> names(DistinguishedName name) {
    List<VerifiedCsr.Name> names = new ArrayList<>();
    name.commonName().ifPresent(value -> names.add(new VerifiedCsr.Name("CN", value)));
    name.serialNumber().ifPresent(value -> names.add(new VerifiedCsr.Name("serialNumber", value)));
    name.organization().ifPresent(value -> names.add(new VerifiedCsr.Name("O", value)));
    name.organizationalUnit().ifPresent(value -> names.add(new VerifiedCsr.Name("OU", value)));
    return names;
  }

  private static Peer checked(
      List<X509Certificate> path, X509Certificate anchor, Instant now, Peer peer) {
    try {
      PKIXParameters parameters = new PKIXParameters(Set.of(new TrustAnchor(anchor, null)));
      // Our own registry is asked after revocation, by whoever asked us.
      parameters.setRevocationEnabled(false);
      parameters.setDate(Date.from(now));
      CertPathValidator.getInstance("PKIX")
          .validate(CertificateFactory.getInstance("X.509").generateCertPath(path), parameters);
      return peer;
    } catch (CertPathValidatorException e) {
      return new Peer.Rejected(path.get(0), "client certificate: " + explain(e));
    } catch (GeneralSecurityException e) {
      return new Peer.Rejected(path.get(0), "client certificate: cannot be checked");
    }
  }

  private static String explain(CertPathValidatorException problem) {
    if (problem.getCause() instanceof CertificateExpiredException) {
      return "expired";
    }
    if (problem.getCause() instanceof CertificateNotYetValidException) {
      return "not yet valid";
    }
    return "its chain does not hold (" + problem.getReason() + ")";
  }

  /** What no path check looks at. IDevIDs often have no usages at all, which allows everything. */
  private static Optional<String> unfit(List<X509Certificate> chain) {
    X509Certificate leaf = chain.get(0);
    if (chain.size() > MAX_CHAIN) {
      return Optional.of("client certificate: a chain of " + chain.size() + " (expected: at most "
          + MAX_CHAIN + ")");
    }
    if (chain.stream().anyMatch(PeerVerifier::isWeaklySigned)) {
      return Optional.of(
          "client certificate: signed with MD5 or SHA-1 (expected: SHA-256 or better)");
    }
    if (leaf.getBasicConstraints() >= 0) {
      return Optional.of("client certificate: that of a CA (expected: of a device)");
    }
    boolean @Nullable [] usage = leaf.getKeyUsage();
    if (usage != null && !usage[DIGITAL_SIGNATURE]) {
      return Optional.of("client certificate: key usage without digitalSignature");
    }
    return hasPurpose(leaf)
        ? Optional.empty()
        : Optional.of("client certificate: extended key usage without clientAuth");
  }

  private static boolean isWeaklySigned(X509Certificate certificate) {
    String algorithm = certificate.getSigAlgName().toUpperCase(Locale.ROOT);
    return algorithm.startsWith("SHA1") || algorithm.startsWith("MD");
  }

  private static boolean hasPurpose(X509Certificate certificate) {
    try {
      @Nullable List<String> purposes = certificate.getExtendedKeyUsage();
      return purposes == null || purposes.contains(CLIENT_AUTH) || purposes.contains(ANY_PURPOSE);
    } catch (CertificateParsingException e) {
      return false;
    }
  }

  private boolean issued(X509Certificate issuer, X509Certificate certificate) {
    return issuer.getSubjectX500Principal().equals(certificate.getIssuerX500Principal())
        && crypto.signed(issuer.getPublicKey(), certificate);
  }
}
