/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.internal.connection;

import dev.muster.device.EnrollmentDeferredException;
import dev.muster.device.EnrollmentException;
import dev.muster.device.EnrollmentUnavailableException;
import java.time.Duration;
import java.util.random.RandomGenerator;

/** How long a device waits after what. Owned by the owner thread. */
final class Waits {
  private static final Duration LEAST = Duration.ofMillis(10);

  private final DeviceTiming timing;
  private final RandomGenerator random;
  private final Backoff reconnect;
  private final Backoff enrollment;
  private final Backoff renewal;

  Waits(DeviceTiming timing, RandomGenerator random) {
    this.timing = timing;
    this.random = random;
    this.reconnect = new Backoff(timing.reconnectBase(), timing.reconnectCap(), random);
    this.enrollment = new Backoff(timing.reconnectBase(), timing.reconnectCap(), random);
    this.renewal = new Backoff(timing.renewalRetryBase(), timing.renewalRetryCap(), random);
  }

  Duration nextReconnect() {
    return reconnect.next();
  }

  /** Around the slow retry: half of it to one and a half. */
  Duration nextSlow() {
    return Duration.ofMillis((long) (timing.slowRetry().toMillis() * (0.5 + random.nextDouble())));
  }

  /** What the backoff says, and at least about a tenth of the slow retry. */
  Duration nextBusy() {
    return max(reconnect.next(), nextSlow().dividedBy(10));
  }

  Duration nextCandidate() {
    return max(renewal.next(), LEAST);
  }

  /** As above, but so that several attempts fit in what is left of the life. */
  Duration nextCandidate(Duration left) {
    return atMostAQuarter(nextCandidate(), left);
  }

  /**
   * Before the clock is looked at again.
   *
   * @param left until there is something to do; what could not be done then waits for its turn
   */
  Duration nextLookAtClock(Duration left) {
    boolean soon = !left.isNegative() && left.compareTo(timing.renewalCheck()) < 0;
    return soon ? max(left, LEAST) : timing.renewalCheck();
  }

  void connectionIsStable() {
    reconnect.reset();
  }

  void enrolled() {
    enrollment.reset();
  }

  void renewed() {
    renewal.reset();
  }

  Duration afterProblem(EnrollmentException problem) {
    return afterProblem(problem, enrollment);
  }

  /** As for a first enrollment, but so that several attempts fit in what is left of the life. */
  Duration afterRenewalProblem(EnrollmentException problem, Duration left) {
    return atMostAQuarter(afterProblem(problem, renewal), left);
  }

  private static Duration atMostAQuarter(Duration wait, Duration left) {
    Duration quarter = max(left.dividedBy(4), LEAST);
    return wait.compareTo(quarter) < 0 ? wait : quarter;
  }

  private Duration afterProblem(EnrollmentException problem, Backoff backoff) {
    if (problem instanceof EnrollmentDeferredException deferred) {
      return withJitter(deferred.retryAfter());
    }
    if (problem instanceof EnrollmentUnavailableException unavailable) {
      return max(backoff.next(), withJitter(unavailable.retryAfter()));
    }
    return nextSlow();
  }

  /** Never earlier than asked for, and up to a tenth later. */
  private Duration withJitter(Duration asked) {
    return asked.plusMillis((long) (asked.toMillis() * random.nextDouble() / 10));
  }

  static String shown(Duration wait) {
    return "next attempt in " + (wait.toMillis() + 999) / 1000 + " s";
  }

  private static Duration max(Duration a, Duration b) {
    return a.compareTo(b) > 0 ? a : b;
  }
}
