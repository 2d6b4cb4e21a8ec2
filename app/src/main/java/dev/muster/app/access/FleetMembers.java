/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.access;

import java.util.Collection;

/** Knows which device is of which fleet. */
@FunctionalInterface
public interface FleetMembers {
  /** Whether all of some devices are known, and of these fleets now. Blocks. */
  boolean areOf(Collection<String> fleets, Collection<String> devices);
}
