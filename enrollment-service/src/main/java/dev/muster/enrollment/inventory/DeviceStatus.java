/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.inventory;

import java.util.Locale;

/** Where a device stands. */
public enum DeviceStatus {
  /** Known, waits for an operator. */
  PENDING,
  /** Let in. */
  ACTIVE,
  /** An operator said no. */
  REFUSED,
  /** Decommissioned: stays out until an operator releases it. */
  RETIRED;

  /** Lower case, as in JSON and in the database. */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }

  static DeviceStatus of(String label) {
    return valueOf(label.toUpperCase(Locale.ROOT));
  }
}
