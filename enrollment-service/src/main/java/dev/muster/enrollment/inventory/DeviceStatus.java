/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.inventory;

import dev.muster.protocol.identity.Quoted;
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

  /** @throws IllegalArgumentException if there is no such status */
  public static DeviceStatus of(String label) {
    for (DeviceStatus status : values()) {
      if (status.label().equals(label)) {
        return status;
      }
    }
    throw new IllegalArgumentException(
        "status: " + Quoted.of(label) + " (expected: pending, active, refused or retired)");
  }
}
