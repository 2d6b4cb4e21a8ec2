/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.desk;

import dev.muster.enrollment.issuance.Fingerprint;
import java.security.PublicKey;
import java.security.cert.X509Certificate;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Remembers which CA's key signed which certificate. Only that: it never changes. Whether a CA is
 * trusted, valid or taken back is asked each time.
 *
 * <p>Thread-safe.
 */
final class KnownLinks {
  private record Link(Fingerprint key, Fingerprint certificate) {}

  private final Map<Link, Boolean> links;

  /** @param limit the one not used for longest goes first */
  KnownLinks(int limit) {
    links = new LinkedHashMap<>(16, 0.75f, true) {
      @Override
      protected boolean removeEldestEntry(Map.Entry<Link, Boolean> eldest) {
        return size() > limit;
      }
    };
  }

  boolean contains(PublicKey key, X509Certificate certificate) {
    Link link = link(key, certificate);
    synchronized (links) {
      return links.get(link) != null;
    }
  }

  void add(PublicKey key, X509Certificate certificate) {
    Link link = link(key, certificate);
    synchronized (links) {
      links.put(link, true);
    }
  }

  private static Link link(PublicKey key, X509Certificate certificate) {
    return new Link(Fingerprint.of(key), Fingerprint.of(certificate));
  }
}
