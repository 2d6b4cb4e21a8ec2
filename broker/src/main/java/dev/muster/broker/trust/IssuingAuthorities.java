/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.trust;

import dev.muster.protocol.identity.CertificateLink;
import java.security.cert.X509Certificate;
import java.util.Collections;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The CAs whose certificates are let in at one time. Of each kind there are several during a
 * roll-over: {@code device}, {@code device-2} and so on.
 *
 * @param certificates by id
 */
public record IssuingAuthorities(SortedMap<String, X509Certificate> certificates) {
  public IssuingAuthorities {
    certificates = Collections.unmodifiableSortedMap(new TreeMap<>(certificates));
  }

  public static IssuingAuthorities of(Map<String, X509Certificate> certificates) {
    return new IssuingAuthorities(new TreeMap<>(certificates));
  }

  /** What rights hang on: the id without the number of the generation. */
  public static String kindOf(String id) {
    int dash = id.indexOf('-');
    return dash < 0 ? id : id.substring(0, dash);
  }

  public Set<String> ids() {
    return certificates.keySet();
  }

  /** The CA of that id. */
  public Optional<X509Certificate> find(String id) {
    return Optional.ofNullable(certificates.get(id));
  }

  /** The id of a CA; empty if it is none of these. */
  Optional<String> idOf(@Nullable X509Certificate ca) {
    return certificates.entrySet().stream()
        .filter(authority -> authority.getValue().equals(ca))
        .map(Map.Entry::getKey)
        .findFirst();
  }

  /** The id of the CA that has signed a certificate; empty if none of them has. */
  public Optional<String> issuerOf(X509Certificate leaf) {
    return certificates.entrySet().stream()
        .filter(authority -> CertificateLink.issued(authority.getValue(), leaf))
        .map(Map.Entry::getKey)
        .findFirst();
  }
}
