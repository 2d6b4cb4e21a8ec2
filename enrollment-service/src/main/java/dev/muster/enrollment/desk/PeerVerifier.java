/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.desk;

import dev.muster.enrollment.authority.Authority;
import dev.muster.enrollment.authority.AuthorityHistory;
import dev.muster.enrollment.authority.CertificateAuthorities;
import dev.muster.enrollment.crypto.CryptoProviders;
import java.security.PublicKey;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import javax.security.auth.x500.X500Principal;
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
  private static final int CACHED_LINKS = 4_000;

  private final TrustView trust;
  private final CertificateAuthorities authorities;
  private final CryptoProviders crypto;
  private final IdevidVerifier idevids;

  /** A device that waits, or renews over one connection, shows the same certificate many times. */
  private final KnownLinks links = new KnownLinks(CACHED_LINKS);

  PeerVerifier(TrustView trust, CertificateAuthorities authorities, CryptoProviders crypto) {
    this.trust = trust;
    this.authorities = authorities;
    this.crypto = crypto;
    this.idevids = new IdevidVerifier(trust, crypto);
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
    for (Authority authority : authorities.history().all()) {
      if (!authority.isRoot() && issued(authority.certificate(), leaf)) {
        return identifyOwn(authority, leaf, now);
      }
    }
    return idevids.identify(chain, now);
  }

  /** Whether a CA of ours has issued the certificate, and is not compromised; no more. */
  boolean isOurs(X509Certificate certificate) {
    return authorities.history().all().stream()
        .filter(
            authority -> !authority.isRoot() && authority.state() != Authority.State.COMPROMISED)
        .anyMatch(authority -> issued(authority.certificate(), certificate));
  }

  private Peer identifyOwn(Authority authority, X509Certificate leaf, Instant now) {
    if (authority.state() == Authority.State.COMPROMISED) {
      return new Peer.Rejected(
          leaf,
          "client certificate: of a CA that is compromised (expected: a device's IDevID, to enroll"
              + " anew)");
    }
    return authority.kind().equals(AuthorityHistory.DEVICE)
        ? operational(leaf, now)
        : ownViolation(leaf, now).orElseGet(() -> new Peer.Service(leaf));
  }

  private Peer operational(X509Certificate leaf, Instant now) {
    Instant end = leaf.getNotAfter().toInstant();
    boolean lapsed = now.isAfter(end) && !now.isAfter(end.plus(trust.longestGrace()));
    return lapsed
        ? new Peer.Lapsed(leaf)
        : ownViolation(leaf, now).orElseGet(() -> new Peer.Operational(leaf));
  }

  /** What we signed ourselves is in order; only time can be against it. The registry knows more. */
  private static Optional<Peer> ownViolation(X509Certificate leaf, Instant now) {
    if (now.isAfter(leaf.getNotAfter().toInstant())) {
      return Optional.of(new Peer.Rejected(leaf, "client certificate: expired"));
    }
    return now.isBefore(leaf.getNotBefore().toInstant())
        ? Optional.of(new Peer.Rejected(leaf, "client certificate: not yet valid"))
        : Optional.empty();
  }

  /** What no path check looks at. IDevIDs often have no usages at all, which allows everything. */
  private static Optional<String> unfit(List<X509Certificate> chain) {
    X509Certificate leaf = chain.get(0);
    if (chain.size() > MAX_CHAIN) {
      return Optional.of("client certificate: a chain of " + chain.size() + " (expected: at most "
          + MAX_CHAIN + ")");
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

  private static boolean hasPurpose(X509Certificate certificate) {
    try {
      @Nullable List<String> purposes = certificate.getExtendedKeyUsage();
      return purposes == null || purposes.contains(CLIENT_AUTH) || purposes.contains(ANY_PURPOSE);
    } catch (CertificateParsingException e) {
      return false;
    }
  }

  /** As we write names, they are the same to the byte; to compare any others takes long. */
  private static boolean isNamed(X509Certificate issuer, X500Principal name) {
    X500Principal own = issuer.getSubjectX500Principal();
    return Arrays.equals(own.getEncoded(), name.getEncoded()) || own.equals(name);
  }

  private boolean issued(X509Certificate issuer, X509Certificate certificate) {
    if (!isNamed(issuer, certificate.getIssuerX500Principal())) {
      return false;
    }
    PublicKey key = issuer.getPublicKey();
    if (links.contains(key, certificate)) {
      return true;
    }
    boolean signed = crypto.signed(key, certificate);
    if (signed) {
      links.add(key, certificate);
    }
    return signed;
  }
}
