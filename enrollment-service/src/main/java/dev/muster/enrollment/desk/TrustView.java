/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.desk;

import dev.muster.enrollment.inventory.Manufacturer;
import dev.muster.enrollment.inventory.Registry;
import dev.muster.protocol.identity.FleetName;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Which manufacturers and fleets there are, at hand for event loops: what the registry said when it
 * was last changed.
 *
 * <p>Thread-safe; only {@link #refresh} blocks.
 */
public final class TrustView {
  private record Snapshot(List<Manufacturer> manufacturers, Set<FleetName> fleets) {}

  private final Registry registry;
  private final FleetName defaultFleet;
  private volatile Snapshot snapshot = new Snapshot(List.of(), Set.of());

  public TrustView(Registry registry, FleetName defaultFleet) {
    this.registry = registry;
    this.defaultFleet = defaultFleet;
    refresh();
  }

  /** Reads the registry anew; to be called after every change of manufacturers or manifests. */
  public synchronized void refresh() {
    snapshot = registry.read(tables -> {
      Set<FleetName> fleets = new HashSet<>(tables.manufacturers().fleets());
      fleets.add(defaultFleet);
      return new Snapshot(tables.manufacturers().all(), Set.copyOf(fleets));
    });
  }

  /** Whether an EST label of that name exists. */
  public boolean isFleet(String label) {
    return FleetName.isValid(label) && snapshot.fleets.contains(new FleetName(label));
  }

  /** All manufacturers. */
  public List<Manufacturer> manufacturers() {
    return List.copyOf(snapshot.manufacturers);
  }

  /** All trust anchors of IDevIDs. */
  public List<X509Certificate> anchors() {
    List<X509Certificate> anchors = new ArrayList<>();
    snapshot.manufacturers.forEach(manufacturer -> anchors.addAll(manufacturer.cas()));
    return anchors;
  }
}
