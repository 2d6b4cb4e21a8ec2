/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.inventory;

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
 */
public record ManifestEntry(
    String serial,
    @Nullable FleetName fleet,
    @Nullable DeviceId device,
    @Nullable String tags) {
  /** Its tags; none if they are the free text that a manifest could have in earlier versions. */
  public Map<String, String> namedTags() {
    try {
      return tags == null ? Map.of() : Tag.parseAll(tags);
    } catch (IllegalArgumentException e) {
      return Map.of();
    }
  }
}
