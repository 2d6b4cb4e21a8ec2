/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.inventory;

import static java.util.Objects.requireNonNull;

import dev.muster.enrollment.idevid.IdentityRule;
import dev.muster.protocol.identity.FleetName;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * On what terms a manufacturer's devices come in.
 *
 * @param fleet where its devices belong; null for the default fleet
 * @param identity where its IDevIDs say the serial number
 * @param expiredIdevids whether an IDevID past its end still counts (RFC 8995, 2.6.2)
 * @param futureTolerance how early an IDevID may be: clocks in factories are wrong, too
 * @param renewalGrace how long after its end an LDevID may still be renewed
 * @param claimRequired whether a claim token must come with the IDevID
 * @param crlMode what an absent or old CRL of the manufacturer means, where one is to be had
 */
public record ManufacturerPolicy(
    Admission admission,
    @Nullable FleetName fleet,
    IdentityRule identity,
    boolean expiredIdevids,
    Duration futureTolerance,
    Duration renewalGrace,
    boolean claimRequired,
    CrlMode crlMode) {
  /** How long after its end an LDevID may be renewed at most, whatever the policy. */
  public static final Duration MAX_GRACE = Duration.ofDays(366);

  /** @throws IllegalArgumentException if a duration is negative or beyond a year */
  public ManufacturerPolicy {
    requireNonNull(admission, "admission");
    requireNonNull(identity, "identity");
    requireNonNull(crlMode, "crlMode");
    checkDuration("futureTolerance", futureTolerance);
    checkDuration("renewalGrace", renewalGrace);
  }

  /** The strict terms: what is not in order is not let in. */
  public static ManufacturerPolicy of(Admission admission, @Nullable FleetName fleet) {
    return new ManufacturerPolicy(
        admission,
        fleet,
        IdentityRule.DEFAULT,
        false,
        Duration.ofMinutes(5),
        Duration.ZERO,
        false,
        CrlMode.CLOSED);
  }

  private static void checkDuration(String name, Duration value) {
    if (value.isNegative() || value.compareTo(MAX_GRACE) > 0) {
      throw new IllegalArgumentException(name + ": " + value + " (expected: PT0S to P366D)");
    }
  }
}
