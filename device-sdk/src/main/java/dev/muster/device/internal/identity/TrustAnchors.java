/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.internal.identity;

import dev.muster.protocol.file.PemFile;
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
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * The explicit trust anchors of a device (RFC 7030, 3.6.1): what came with it from the factory, and
 * nothing of what the Java runtime trusts.
 */
public final class TrustAnchors {
  private final Set<TrustAnchor> anchors;

  private TrustAnchors(Set<TrustAnchor> anchors) {
    this.anchors = Set.copyOf(anchors);
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
    return new TrustAnchors(
        roots.stream().map(root -> new TrustAnchor(root, null)).collect(Collectors.toSet()));
  }

  /** For a trust manager; without revocation, which a device has no way to learn. */
  public PKIXBuilderParameters parameters() {
    try {
      PKIXBuilderParameters parameters = new PKIXBuilderParameters(anchors, null);
      parameters.setRevocationEnabled(false);
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
    PKIXBuilderParameters parameters = new PKIXBuilderParameters(anchors, target);
    parameters.setRevocationEnabled(false);
    parameters.setDate(leaf.getNotBefore());
    parameters.addCertStore(
        CertStore.getInstance("Collection", new CollectionCertStoreParameters(others)));
    PKIXCertPathBuilderResult result =
        (PKIXCertPathBuilderResult) CertPathBuilder.getInstance("PKIX").build(parameters);
    List<X509Certificate> path = new ArrayList<>();
    for (Certificate certificate : result.getCertPath().getCertificates()) {
      path.add((X509Certificate) certificate);
    }
    return path;
  }
}
