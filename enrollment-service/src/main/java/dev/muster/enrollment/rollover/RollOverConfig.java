/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.rollover;

import java.time.Duration;

/**
 * How long a new CA is made known before it is used.
 *
 * @param leadTime of an issuing CA: until all brokers have it
 * @param rootLeadTime of a root: until all devices have renewed, and so fetched it
 */
public record RollOverConfig(Duration leadTime, Duration rootLeadTime) {
  public static final RollOverConfig DEFAULT =
      new RollOverConfig(Duration.ofDays(1), Duration.ofDays(30));

  /** @throws IllegalArgumentException naming the setting and what is expected */
  public RollOverConfig {
    check("caLeadTime", leadTime);
    check("rootLeadTime", rootLeadTime);
  }

  private static void check(String name, Duration value) {
    if (value.isNegative()) {
      throw new IllegalArgumentException(name + ": " + value + " (expected: at least zero)");
    }
  }
}
