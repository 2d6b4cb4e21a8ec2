/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.inventory;

import java.util.List;
import java.util.Map;

/**
 * Of some devices, how many are of which status, fleet and manufacturer, and have which tag.
 *
 * @param tags {@code NAME=VALUE}, and only the most frequent
 */
public record DeviceFacets(
    long devices,
    Map<String, Long> statuses,
    Map<String, Long> fleets,
    Map<String, Long> manufacturers,
    List<Count> tags) {
  public DeviceFacets {
    statuses = Map.copyOf(statuses);
    fleets = Map.copyOf(fleets);
    manufacturers = Map.copyOf(manufacturers);
    tags = List.copyOf(tags);
  }

  /** How many devices have something. */
  public record Count(String value, long devices) {}
}
