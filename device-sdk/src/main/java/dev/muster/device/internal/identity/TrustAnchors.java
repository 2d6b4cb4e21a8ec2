/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.internal.identity;

import dev.muster.protocol.file.PemFile;
import dev.muster.protocol.identity.CertificateLink;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.cert.CertPathBuilder;
import java.security.cert.CertStore;
import java.security.cert.Certificate;
import java.security.cert.CollectionCertStoreParameters;
import java.security.cert.PKIXBuilderParameters;
import java.security.cert.PKIXCertPathBuilderResult;
import java.security.cert.TrustAnchor;
import java.security.cert.X509CertSelector;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * The explicit trust anchors of a device (RFC 7030, 3.6.1): what came with it from the factory or
 * was learnt from there on, and nothing of what the Java runtime trusts.
 */
public final class TrustAnchors {
  /** Its bit in the key usage (RFC 5280, 4.2.1.3). */
  private static final int KEY_CERT_SIGN = 5;

  private final List<X509Certificate> roots;
  /** What else was published: it helps to find paths, and vouches for nothing. */
  private final List<X509Certificate> published;

  private TrustAnchors(Collection<X509Certificate> roots, Collection<X509Certificate> published) {
    this.roots = List.copyOf(roots);
    this.published = List.copyOf(published);
  }

  /** @throws IllegalArgumentException naming the file, if it holds no certificate of a CA */
  public static TrustAnchors read(Path file) {
    List<X509Certificate> roots = PemFile.certificates(file);
    for (X509Certificate root : roots) {
      if (root.getBasicConstraints() < 0) {
        throw new IllegalArgumentException(file + ": " + root.getSubjectX500Principal()
            + " is not a CA (expected: the root certificate)");
      }
    }
    return new TrustAnchors(roots, List.of());
  }

  /** What was learnt before: the roots among {@code published} are anchors. */
  static TrustAnchors learnt(List<X509Certificate> published) {
    return new TrustAnchors(published.stream().filter(TrustAnchors::isRoot).toList(), published);
  }

  /**
   * What is to be trusted after a server, authenticated by these anchors, has published its CAs
   * (RFC 7030, 4.1.3). A root that is new is taken only if one of these anchors leads to it, by the
   * certificate NewWithOld (RFC 4210, 4.4); one that is no longer published is dropped.
   *
   * @return these if nothing that is published can be trusted
   */
  public TrustAnchors learn(List<X509Certificate> authorities) {
    List<X509Certificate> accepted = authorities.stream()
        .filter(TrustAnchors::isRoot)
        .filter(root -> roots.contains(root) || isVouchedFor(root, authorities))
        .toList();
    if (accepted.isEmpty()) {
      return this;
    }
    List<X509Certificate> known = new ArrayList<>(accepted);
    authorities.stream().filter(other -> !isRoot(other)).forEach(known::add);
    return new TrustAnchors(accepted, known);
  }

  private boolean isVouchedFor(X509Certificate root, List<X509Certificate> authorities) {
    return authorities.stream()
        .filter(bridge -> !bridge.equals(root)
            && maySign(bridge)
            && bridge.getSubjectX500Principal().equals(root.getSubjectX500Principal())
            && bridge.getPublicKey().equals(root.getPublicKey()))
        .anyMatch(bridge -> leadsHere(bridge, authorities));
  }

  /**
   * Whether it is a CA's (RFC 5280, 6.1.4). Else whoever has the key of any certificate that our
   * anchors lead to, as of a server, could make a root of it.
   */
  private static boolean maySign(X509Certificate certificate) {
    boolean[] usage = certificate.getKeyUsage();
    return certificate.getBasicConstraints() >= 0 && (usage == null || usage[KEY_CERT_SIGN]);
  }

  private boolean leadsHere(X509Certificate bridge, List<X509Certificate> authorities) {
    try {
      path(bridge, authorities);
      return true;
    } catch (GeneralSecurityException e) {
      return false;
    }
  }

  private static boolean isRoot(X509Certificate certificate) {
    return certificate.getBasicConstraints() >= 0
        && CertificateLink.issued(certificate, certificate);
  }

  /** The roots, then all else that was published with them. */
  List<X509Certificate> all() {
    return published.isEmpty() ? roots : published;
  }

  private Set<TrustAnchor> anchors() {
    return roots.stream().map(root -> new TrustAnchor(root, null)).collect(Collectors.toSet());
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof TrustAnchors anchors
        && anchors.roots.equals(roots)
        && anchors.published.equals(published);
  }

  @Override
  public int hashCode() {
    return 31 * roots.hashCode() + published.hashCode();
  }

  /** None of them was there earlier. */
  public Instant newestBeginning() {
    return roots.stream()
        .map(root -> root.getNotBefore().toInstant())
        .max(Comparator.naturalOrder())
        .orElse(Instant.MIN);
  }

  /** None of them is valid later. */
  public Instant latestEnd() {
    return roots.stream()
        .map(root -> root.getNotAfter().toInstant())
        .max(Comparator.naturalOrder())
        .orElse(Instant.MAX);
  }

  /** Names the roots. */
  @Override
  public String toString() {
    return roots.stream()
        .map(root -> root.getSubjectX500Principal().getName())
        .toList()
        .toString();
  }

  /** For a trust manager; without revocation, which a device has no way to learn. */
  public PKIXBuilderParameters parameters() {
    try {
      PKIXBuilderParameters parameters = new PKIXBuilderParameters(anchors(), null);
      parameters.setRevocationEnabled(false);
      parameters.addCertStore(
          CertStore.getInstance("Collection", new CollectionCertStoreParameters(published)));
      return parameters;
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("PKIX is missing from this Java runtime", e);
    }
  }

  /**
   * Finds the certificates between {@code leaf} and an anchor. Judged as of the leaf's beginning,
   * so that a device whose clock is wrong can still tell its own certificate.
   *
   * @param others where to look, in any order
   * @return leaf first, anchor excluded
   * @throws GeneralSecurityException if no valid path leads to an anchor
   */
  public List<X509Certificate> path(X509Certificate leaf, Collection<X509Certificate> others)
      throws GeneralSecurityException {
    X509CertSelector target = new X509CertSelector();
    target.setCertificate(leaf);
    PKIXBuilderParameters parameters = new PKIXBuilderParameters(anchors(), target);
    parameters.setRevocationEnabled(false);
    parameters.setDate(leaf.getNotBefore());
    parameters.addCertStore(
        CertStore.getInstance("Collection", new CollectionCertStoreParameters(others)));
    parameters.addCertStore(
        CertStore.getInstance("Collection", new CollectionCertStoreParameters(published)));
    PKIXCertPathBuilderResult result =
        (PKIXCertPathBuilderResult) CertPathBuilder.getInstance("PKIX").build(parameters);
    List<X509Certificate> path = new ArrayList<>();
    for (Certificate certificate : result.getCertPath().getCertificates()) {
      path.add((X509Certificate) certificate);
    }
    return path;
  }
}
