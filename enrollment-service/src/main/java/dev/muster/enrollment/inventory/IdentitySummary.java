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
 */
public record IdentitySummary(Map<DeviceStatus, Long> devices, long waiting, long alarms) {
  /**
   * How many devices' newest live certificates end within so many days; each counts once.
   *
   * @param overdue how many of them all should have been renewed by now
   */
  public record Ends(
      long ended, long within7, long within30, long within90, long later, long overdue) {}
}
