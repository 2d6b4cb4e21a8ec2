/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.desk;

import dev.muster.enrollment.inventory.Manufacturer;
import dev.muster.enrollment.inventory.ManufacturerCa;
import dev.muster.enrollment.inventory.Registry;
import dev.muster.enrollment.issuance.Fingerprint;
import dev.muster.enrollment.registrar.AdmissionConfig;
import dev.muster.protocol.identity.FleetName;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which manufacturers and fleets there are, at hand for event loops: what the registry said when it
 * was last changed.
 *
 * <p>Thread-safe; only {@link #refresh} blocks.
 */
public final class TrustView {
  private static final Logger LOG = LoggerFactory.getLogger(TrustView.class);

  private record Snapshot(
      List<Manufacturer> manufacturers,
      Set<FleetName> fleets,
      Set<Fingerprint> anchorKeys,
      Set<String> claimed) {}

  private final Registry registry;
  private final FleetName defaultFleet;
  private final boolean allowUnproven;
  private final Clock clock;
  private volatile Snapshot snapshot = new Snapshot(List.of(), Set.of(), Set.of(), Set.of());

  public TrustView(Registry registry, AdmissionConfig admission, Clock clock) {
    this.registry = registry;
    this.defaultFleet = admission.defaultFleet();
    this.allowUnproven = admission.allowUnprovenManufacturers();
    this.clock = clock;
    if (allowUnproven) {
      LOG.warn("Unproven manufacturers are let in setting=allowUnprovenManufacturers");
    }
    refresh();
  }

  /** Reads the registry anew; to be called after every change of manufacturers or manifests. */
  public synchronized void refresh() {
    snapshot = registry.read(tables -> {
      Set<FleetName> fleets = new HashSet<>(tables.manufacturers().fleets());
      fleets.add(defaultFleet);
      List<Manufacturer> all = tables.manufacturers().all();
      Set<Fingerprint> keys = all.stream()
          .flatMap(manufacturer -> manufacturer.cas().stream())
          .map(ca -> Fingerprint.of(ca.certificate().getPublicKey()))
          .collect(Collectors.toUnmodifiableSet());
      return new Snapshot(all, Set.copyOf(fleets), keys, tables.claims().required());
    });
  }

  /** Whether an EST label of that name exists. */
  public boolean isFleet(String label) {
    return FleetName.isValid(label) && snapshot.fleets.contains(new FleetName(label));
  }

  /** Whether a manufacturer's devices need a claim token besides their IDevID. */
  boolean needsClaim(String manufacturer) {
    return snapshot.claimed.contains(manufacturer);
  }

  /** All manufacturers. */
  public List<Manufacturer> manufacturers() {
    return List.copyOf(snapshot.manufacturers);
  }

  /** Whether that is the key of some manufacturer's CA. */
  public boolean isAnchorKey(Fingerprint key) {
    return snapshot.anchorKeys.contains(key);
  }

  /** All trust anchors of IDevIDs. */
  public List<X509Certificate> anchors() {
    List<X509Certificate> anchors = new ArrayList<>();
    for (Manufacturer manufacturer : snapshot.manufacturers) {
      for (ManufacturerCa ca : manufacturer.cas()) {
        if (barred(manufacturer, ca, clock.instant()).isEmpty()) {
          anchors.add(ca.certificate());
        }
      }
    }
    return anchors;
  }

  /** Why devices of that CA do not come in; empty if they do. */
  Optional<String> barred(Manufacturer manufacturer, ManufacturerCa ca, Instant now) {
    if (manufacturer.distrust() != null && manufacturer.distrust().bars(now)) {
      return Optional.of("client certificate: its manufacturer is disabled");
    }
    if (ca.distrust() != null && ca.distrust().bars(now)) {
      return Optional.of("client certificate: its manufacturer's CA is disabled");
    }
    return ca.isProven() || allowUnproven
        ? Optional.empty()
        : Optional.of("client certificate: its manufacturer's CA is not proven (expected: a proof"
            + " that whoever registered it has its key)");
  }
}
