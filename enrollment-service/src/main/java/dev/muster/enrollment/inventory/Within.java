/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.inventory;

import dev.muster.protocol.identity.FleetName;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * The fleets that somebody may see.
 *
 * @param fleets none for all there are
 */
public record Within(List<FleetName> fleets) {
  /** Whatever the fleet. */
  public static final Within ALL = new Within(List.of());

  public Within {
    fleets = fleets.stream().distinct().toList();
  }

  public boolean isAll() {
    return fleets.isEmpty();
  }

  public boolean includes(FleetName fleet) {
    return isAll() || fleets.contains(fleet);
  }

  /** SQL about a column with the name of a fleet, to follow other conditions. */
  String and(String column) {
    return isAll()
        ? ""
        : " AND " + column + " IN ("
            + values().keySet().stream().map(name -> ":" + name).collect(Collectors.joining(", "))
            + ")";
  }

  /** SQL about a column with the id of a device, to follow other conditions. */
  String andDevice(String column) {
    return isAll()
        ? ""
        : " AND " + column + " IN (SELECT w.id FROM device w WHERE TRUE" + and("w.fleet") + ")";
  }

  /** What is bound in them. */
  Map<String, String> values() {
    Map<String, String> values = new LinkedHashMap<>();
    fleets.forEach(fleet -> values.put("within" + values.size(), fleet.value()));
    return values;
  }
}
