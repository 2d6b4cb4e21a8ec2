/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.desk;

import dev.muster.enrollment.authority.Authority;
import dev.muster.enrollment.authority.AuthorityHistory;
import dev.muster.enrollment.revocation.PublishedCrl;
import java.io.ByteArrayInputStream;
import java.security.GeneralSecurityException;
import java.security.Provider;
import java.security.cert.CertPathBuilder;
import java.security.cert.CertStore;
import java.security.cert.CertificateFactory;
import java.security.cert.CollectionCertStoreParameters;
import java.security.cert.PKIXBuilderParameters;
import java.security.cert.TrustAnchor;
import java.security.cert.X509CRL;
import java.security.cert.X509CertSelector;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Date;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import javax.security.auth.x500.X500Principal;
import org.conscrypt.Conscrypt;

/**
 * Judges devices' certificates by what our CAs publish at the time: roots, CA certificates, CRLs.
 *
 * <p>Judging is thread-safe, looking is not.
 */
final class RelyingParty {
  /** For the many signatures that are checked one by one. */
  private static final Provider FAST = Conscrypt.newProvider();

  private final DeskBench bench;
  private final Map<String, X509CRL> crls = new HashMap<>();
  private final Map<String, Long> numbers = new HashMap<>();
  private final Map<X500Principal, Authority> issuers = new HashMap<>();
  private Instant now = Instant.MIN;

  RelyingParty(DeskBench bench) {
    this.bench = bench;
  }

  /** Fetches what is published now, and goes by it until the next time. */
  void look() throws GeneralSecurityException {
    now = bench.clock.instant();
    issuers.clear();
    for (Authority authority : bench.authorities.history().all()) {
      if (authority.isTrusted()) {
        fetchCrl(authority);
        if (!authority.isRoot()) {
          issuers.put(authority.certificate().getSubjectX500Principal(), authority);
        }
      } else {
        crls.remove(authority.id());
      }
    }
  }

  private void fetchCrl(Authority authority) throws GeneralSecurityException {
    PublishedCrl published = bench.publisher.current(authority.id()).orElseThrow();
    if (!Long.valueOf(published.number()).equals(numbers.put(authority.id(), published.number()))) {
      X509CRL crl = (X509CRL) CertificateFactory.getInstance("X.509")
          .generateCRL(new ByteArrayInputStream(published.der().getBytes()));
      crl.verify(authority.certificate().getPublicKey(), FAST);
      crls.put(authority.id(), crl);
    }
  }

  /** What is wrong with a certificate that was good when it was issued; empty if nothing is. */
  Optional<String> flaw(X509Certificate leaf) {
    Authority issuer = issuers.get(leaf.getIssuerX500Principal());
    if (issuer == null) {
      return Optional.of("of a CA that is not published");
    }
    X509CRL crl = crls.get(issuer.id());
    if (!now.isBefore(crl.getNextUpdate().toInstant())) {
      return Optional.of("CRL of " + issuer.id() + " outdated");
    }
    if (crl.getRevokedCertificate(leaf.getSerialNumber()) != null) {
      return Optional.of("on the CRL of " + issuer.id());
    }
    return now.isAfter(leaf.getNotAfter().toInstant()) ? Optional.of("expired") : Optional.empty();
  }

  /** What is wrong with a new certificate. */
  Optional<String> flawOfNew(X509Certificate leaf) throws GeneralSecurityException {
    Optional<String> flaw = flaw(leaf);
    if (flaw.isPresent()) {
      return flaw;
    }
    Authority issuer = issuers.get(leaf.getIssuerX500Principal());
    leaf.verify(issuer.certificate().getPublicKey(), FAST);
    return leaf.getNotAfter().after(issuer.certificate().getNotAfter())
        ? Optional.of("outlives its CA, " + issuer.id())
        : Optional.empty();
  }

  /**
   * Fails unless Java's own path validation leads from a certificate to each root alone, and finds
   * nobody on the way on a CRL (RFC 5280, 6).
   */
  void assertLeadsToEachRoot(X509Certificate leaf) throws GeneralSecurityException {
    AuthorityHistory history = bench.authorities.history();
    List<Object> published = new ArrayList<>(history.published(now));
    published.addAll(crls.values());
    for (X509Certificate root : history.roots()) {
      X509CertSelector target = new X509CertSelector();
      target.setCertificate(leaf);
      PKIXBuilderParameters rules =
          new PKIXBuilderParameters(Set.of(new TrustAnchor(root, null)), target);
      rules.setDate(Date.from(now));
      rules.addCertStore(
          CertStore.getInstance("Collection", new CollectionCertStoreParameters(published)));
      CertPathBuilder.getInstance("PKIX").build(rules);
    }
  }
}
