/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.inventory;

import dev.muster.enrollment.issuance.Fingerprint;
import dev.muster.protocol.identity.DeviceId;
import dev.muster.protocol.identity.FleetName;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A device announced by its manufacturer before it shows up.
 *
 * @param fleet where it will belong; null for the manufacturer's fleet
 * @param device its name; null for the name by template
 * @param tags {@code name=value}, semicolons between; null for none
 * @param key the public key of its IDevID; null if the manifest does not tell
 */
public record ManifestEntry(
    String serial,
    @Nullable FleetName fleet,
    @Nullable DeviceId device,
    @Nullable String tags,
    @Nullable Fingerprint key) {
  /** As manifests were before they told of keys. */
  public ManifestEntry(
      String serial, @Nullable FleetName fleet, @Nullable DeviceId device, @Nullable String tags) {
    this(serial, fleet, device, tags, null);
  }

  /** Whether it says the same of the device, but for its key. */
  public boolean saysTheSame(ManifestEntry other) {
    return withoutKey().equals(other.withoutKey());
  }

  private ManifestEntry withoutKey() {
    return new ManifestEntry(serial, fleet, device, tags);
  }

  /** Its tags; none if they are the free text that a manifest could have in earlier versions. */
  public Map<String, String> namedTags() {
    try {
      return tags == null ? Map.of() : Tag.parseAll(tags);
    } catch (IllegalArgumentException e) {
      return Map.of();
    }
  }
}
