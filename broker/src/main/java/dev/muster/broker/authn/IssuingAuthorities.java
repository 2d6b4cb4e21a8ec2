/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.authn;

import java.security.GeneralSecurityException;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** The CAs whose certificates are let in, by their labels; each with several during a rollover. */
public record IssuingAuthorities(Map<String, List<X509Certificate>> certificates) {
  public IssuingAuthorities {
    certificates = Map.copyOf(certificates);
  }

  /** The label of the CA that has signed a certificate; empty if none of them has. */
  public Optional<String> issuerOf(X509Certificate leaf) {
    return new TreeMap<>(certificates)
        .entrySet().stream()
            .filter(label -> label.getValue().stream().anyMatch(ca -> isIssuedBy(leaf, ca)))
            .map(Map.Entry::getKey)
            .findFirst();
  }

  private static boolean isIssuedBy(X509Certificate leaf, X509Certificate ca) {
    if (!leaf.getIssuerX500Principal().equals(ca.getSubjectX500Principal())) {
      return false;
    }
    try {
      leaf.verify(ca.getPublicKey());
      return true;
    } catch (GeneralSecurityException e) {
      return false;
    }
  }
}
