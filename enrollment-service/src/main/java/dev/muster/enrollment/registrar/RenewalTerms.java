/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.registrar;

import static java.util.Objects.requireNonNull;

import java.time.Duration;

/**
 * What a device's manufacturer means for its renewals.
 *
 * @param grace how long after the end of an LDevID it may still be renewed
 * @param barred an operator has barred the renewals of that manufacturer, or of that CA of it
 */
public record RenewalTerms(Duration grace, boolean barred) {
  /** In time, and nothing against it. */
  public static final RenewalTerms STRICT = new RenewalTerms(Duration.ZERO, false);

  public RenewalTerms {
    requireNonNull(grace, "grace");
  }
}
