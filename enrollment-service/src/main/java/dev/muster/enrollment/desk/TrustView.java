/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.desk;

import dev.muster.enrollment.desk.TrustAnchors.Anchor;
import dev.muster.enrollment.idevid.ManufacturerCrl;
import dev.muster.enrollment.inventory.Manufacturer;
import dev.muster.enrollment.inventory.ManufacturerCa;
import dev.muster.enrollment.inventory.Registry;
import dev.muster.enrollment.issuance.Fingerprint;
import dev.muster.enrollment.registrar.AdmissionConfig;
import dev.muster.protocol.identity.FleetName;
import java.net.URI;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
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
      long version,
      Map<String, Manufacturer> manufacturers,
      TrustAnchors anchors,
      Duration longestGrace,
      Set<FleetName> fleets) {}

  private final Registry registry;
  private final FleetName defaultFleet;
  private final boolean allowUnproven;
  private final Clock clock;
  private volatile Snapshot snapshot;

  public TrustView(Registry registry, AdmissionConfig admission, Clock clock) {
    this.registry = registry;
    this.defaultFleet = admission.defaultFleet();
    this.allowUnproven = admission.allowUnprovenManufacturers();
    this.clock = clock;
    if (allowUnproven) {
      LOG.warn("Unproven manufacturers are let in setting=allowUnprovenManufacturers");
    }
    snapshot = read();
  }

  /** Reads the registry anew; to be called after every change of manufacturers or manifests. */
  public synchronized void refresh() {
    snapshot = read();
  }

  /** As {@link #refresh}, if another process has changed something; one small query if not. */
  public void refreshIfChanged() {
    long version = registry.read(tables -> tables.manufacturers().version());
    if (version != snapshot.version) {
      refresh();
    }
  }

  private Snapshot read() {
    return registry.read(tables -> {
      // First, so that what is missed by the rest is noticed the next time.
      long version = tables.manufacturers().version();
      Set<FleetName> fleets = new HashSet<>(tables.manufacturers().fleets());
      fleets.add(defaultFleet);
      Map<String, Manufacturer> manufacturers = new HashMap<>();
      tables.manufacturers().all().forEach(one -> manufacturers.put(one.name(), one));
      Duration longestGrace = manufacturers.values().stream()
          .map(one -> one.policy().renewalGrace())
          .max(Comparator.naturalOrder())
          .orElse(Duration.ZERO);
      return new Snapshot(
          version,
          Map.copyOf(manufacturers),
          new TrustAnchors(manufacturers.values(), tables.manufacturers().crls()),
          longestGrace,
          Set.copyOf(fleets));
    });
  }

  /** Whether an EST label of that name exists. */
  public boolean isFleet(String label) {
    return FleetName.isValid(label) && snapshot.fleets.contains(new FleetName(label));
  }

  /** The manufacturer of that name. */
  Optional<Manufacturer> manufacturer(String name) {
    return Optional.ofNullable(snapshot.manufacturers.get(name));
  }

  TrustAnchors trustAnchors() {
    return snapshot.anchors;
  }

  /**
   * A CA whose CRL is to be fetched.
   *
   * @param nextUpdate when the one at hand ends to be good; null if there is none
   */
  public record CrlSource(
      String manufacturer,
      ManufacturerCa ca,
      URI url,
      @Nullable Instant nextUpdate) {
    /** Whether there will be none that is good at that time. */
    public boolean isWanting(Instant at) {
      return nextUpdate == null || at.isAfter(nextUpdate);
    }
  }

  /**
   * What the CRLs of manufacturers have against the certificate of a factory's station.
   *
   * @param path from it to the one that {@code ca} has issued
   * @return empty if nothing
   */
  public Optional<String> againstStation(List<X509Certificate> path, X509Certificate ca) {
    TrustAnchors anchors = snapshot.anchors;
    return anchors.all().stream()
        .filter(anchor -> anchor.certificate().equals(ca))
        .findFirst()
        .map(anchor -> RevocationRules.violation("station", path, anchor, anchors, clock.instant()))
        .orElse(Optional.of("station: of a CA that is not registered any more"));
  }

  /** Where CRLs are to be fetched. */
  public List<CrlSource> crlSources() {
    return snapshot.anchors.all().stream()
        .flatMap(anchor -> Optional.ofNullable(anchor.ca().crlUrl()).stream()
            .map(url -> new CrlSource(
                anchor.manufacturer().name(), anchor.ca(), url, nextUpdate(anchor.crl()))))
        .toList();
  }

  private static @Nullable Instant nextUpdate(@Nullable ManufacturerCrl crl) {
    return crl == null ? null : crl.nextUpdate().orElse(Instant.MAX);
  }

  /** Whether that is the key of some manufacturer's CA. */
  public boolean isAnchorKey(Fingerprint key) {
    return snapshot.anchors.isKey(key);
  }

  /** Whether somebody has shown the key of that CA, or nobody needs to. */
  boolean isProven(ManufacturerCa ca) {
    return ca.isProven() || allowUnproven;
  }

  /** The longest time past its end that some manufacturer's device may renew an LDevID. */
  Duration longestGrace() {
    return snapshot.longestGrace;
  }

  /** The trust anchors whose IDevIDs are of use. */
  public List<X509Certificate> anchors() {
    Instant now = clock.instant();
    return snapshot.anchors.all().stream()
        .filter(anchor -> isProven(anchor.ca()))
        .filter(anchor -> anchor.distrust() == null || !anchor.distrust().bars(now))
        .map(Anchor::certificate)
        .toList();
  }
}
