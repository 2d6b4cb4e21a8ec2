/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.desk;

import dev.muster.enrollment.csr.CertificateKeys;
import dev.muster.enrollment.idevid.ManufacturerCrl;
import dev.muster.enrollment.inventory.Distrust;
import dev.muster.enrollment.inventory.Manufacturer;
import dev.muster.enrollment.inventory.ManufacturerCa;
import dev.muster.enrollment.issuance.Fingerprint;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import javax.security.auth.x500.X500Principal;
import org.jspecify.annotations.Nullable;

/**
 * The CAs of all manufacturers, by what certificates below them say. Immutable.
 *
 * <p>Thread-safe.
 */
final class TrustAnchors {
  /**
   * @param distrust its own, or that of a CA above it
   * @param crl the newest; null if none was handed in or fetched
   */
  record Anchor(
      Manufacturer manufacturer,
      ManufacturerCa ca,
      @Nullable Distrust distrust,
      @Nullable ManufacturerCrl crl) {
    X509Certificate certificate() {
      return ca.certificate();
    }
  }

  private final Map<X500Principal, List<Anchor>> bySubject = new HashMap<>();
  private final Set<Fingerprint> keys = new HashSet<>();

  /** By fingerprint of the CA. Found out once, when it is needed: with RSA that takes a while. */
  private final Map<Fingerprint, Optional<String>> weaknesses = new ConcurrentHashMap<>();

  TrustAnchors(Collection<Manufacturer> manufacturers, Map<Fingerprint, ManufacturerCrl> crls) {
    for (Manufacturer manufacturer : manufacturers) {
      for (ManufacturerCa ca : manufacturer.cas()) {
        Anchor anchor = new Anchor(
            manufacturer,
            ca,
            manufacturer.distrust() == null ? manufacturer.distrustOf(ca) : manufacturer.distrust(),
            crls.get(ca.fingerprint()));
        bySubject
            .computeIfAbsent(ca.certificate().getSubjectX500Principal(), name -> new ArrayList<>(1))
            .add(anchor);
        keys.add(Fingerprint.of(ca.certificate().getPublicKey()));
      }
    }
  }

  /** Those that may have issued a certificate; whether they did, their keys tell. */
  List<Anchor> issuersOf(X509Certificate certificate) {
    return bySubject.getOrDefault(certificate.getIssuerX500Principal(), List.of());
  }

  /** What is wrong with the key of a CA; empty if nothing is. */
  Optional<String> weakness(Anchor anchor) {
    return weaknesses.computeIfAbsent(
        anchor.ca().fingerprint(),
        ca -> CertificateKeys.weakness(anchor.certificate().getPublicKey()));
  }

  /** The CAs of a manufacturer whose devices may not even renew. */
  List<Fingerprint> barredForRenewal(Manufacturer manufacturer, Instant now) {
    return all().stream()
        .filter(one -> one.manufacturer().name().equals(manufacturer.name()))
        .filter(one -> one.distrust() != null && one.distrust().barsRenewal(now))
        .map(one -> one.ca().fingerprint())
        .toList();
  }

  List<Anchor> all() {
    return bySubject.values().stream().flatMap(List::stream).toList();
  }

  boolean isKey(Fingerprint key) {
    return keys.contains(key);
  }
}
