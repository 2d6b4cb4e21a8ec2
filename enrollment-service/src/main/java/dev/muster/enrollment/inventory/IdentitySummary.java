/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.inventory;

import java.util.Map;

/**
 * The fleet in numbers.
 *
 * @param devices how many there are of each status
 * @param waiting keys that wait for an operator's decision
 * @param alarms second keys that nobody has acknowledged
 * @param certificates devices by the end of their newest live certificate
 */
public record IdentitySummary(
    Map<DeviceStatus, Long> devices, long waiting, long alarms, Ends certificates) {
  /** How many end within so many days; each counts in one place alone. */
  public record Ends(long ended, long within7, long within30, long within90, long later) {}
}
