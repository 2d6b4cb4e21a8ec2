/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.desk;

import dev.muster.enrollment.desk.EnrollmentOutcome.Kind;
import dev.muster.enrollment.desk.EnrollmentOutcome.Refused;
import dev.muster.enrollment.inventory.ClaimRecord;
import dev.muster.enrollment.inventory.Registry;
import java.time.Clock;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Looks claim tokens up, before anything is written. One that does not exist costs its sender a
 * failure, of which a network has few per minute. A good one is let in however many others guess
 * behind the same address: their chances are those of guessing 128 bits with or without a limit.
 *
 * <p>Thread-safe; blocks on the database.
 */
final class ClaimCheck {
  static final Refused UNKNOWN = new Refused(
      Kind.UNAUTHENTICATED,
      "claim token: not valid (expected: one made for this device, unused and in time)");

  private final Registry registry;
  private final Failures failures;

  ClaimCheck(Registry registry, Clock clock) {
    this.registry = registry;
    this.failures = new Failures(clock);
  }

  /** What became of a look. */
  sealed interface Look {
    /** The caller showed no token. */
    record Nothing() implements Look {}

    /** There is such a token, good or not. */
    record Known(ClaimRecord claim) implements Look {}

    /** Not to be looked at any further. */
    record Denied(Refused refusal) implements Look {}
  }

  Look look(Caller caller) {
    @Nullable ClaimToken token = caller.claim();
    if (token == null) {
      return new Look.Nothing();
    }
    Optional<ClaimRecord> claim = registry.read(tables -> tables.claims().findByHash(token.hash()));
    return claim.<Look>map(Look.Known::new).orElseGet(() -> new Look.Denied(wrong(caller)));
  }

  private Refused wrong(Caller caller) {
    String network = caller.network();
    if (failures.areTooMany(network)) {
      return new Refused(
          Kind.TOO_MANY, "claim token: too many wrong ones from this address, try again later");
    }
    failures.count(network);
    return UNKNOWN;
  }
}
