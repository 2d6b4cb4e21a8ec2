/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.internal.connection;

import static org.assertj.core.api.Assertions.assertThat;

import dev.muster.device.EnrollmentDeferredException;
import dev.muster.device.EnrollmentException;
import dev.muster.device.EnrollmentRefusedException;
import dev.muster.device.EnrollmentUnavailableException;
import java.time.Duration;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

class WaitsTest {
  private static Waits waits(long bits) {
    RandomGenerator random = () -> bits;
    return new Waits(DeviceTiming.STANDARD, random);
  }

  @Test
  void store_ofADeviceInTheField_isWithinASecond() {
    assertThat(DeviceTiming.STANDARD.store()).isLessThanOrEqualTo(Duration.ofSeconds(1));
  }

  @Test
  void nextLookAtClock_isWhenThereIsSomethingToDo_andNowAndThen() {
    Duration usual = DeviceTiming.STANDARD.renewalCheck();

    assertThat(waits(0).nextLookAtClock(Duration.ofDays(20))).isEqualTo(usual);
    assertThat(waits(0).nextLookAtClock(Duration.ofSeconds(3))).isEqualTo(Duration.ofSeconds(3));
    assertThat(waits(0).nextLookAtClock(Duration.ZERO)).isPositive();
    assertThat(waits(0).nextLookAtClock(Duration.ofSeconds(-3))).isEqualTo(usual);
  }

  /** A certificate of a minute is due again before the usual wait is over. */
  @Test
  void nextCandidate_ofAShortLife_isAQuarterOfWhatIsLeftAtMost() {
    assertThat(waits(-1).nextCandidate(Duration.ofSeconds(20))).isEqualTo(Duration.ofSeconds(5));
    assertThat(waits(-1).nextCandidate(Duration.ofDays(5)))
        .isBetween(Duration.ofSeconds(59), Duration.ofSeconds(60));
  }

  private static EnrollmentException deferred(long seconds) {
    return new EnrollmentDeferredException("pending", Duration.ofSeconds(seconds));
  }

  private static EnrollmentException unavailable(long seconds) {
    return new EnrollmentUnavailableException("busy", Duration.ofSeconds(seconds), null);
  }

  @Test
  void afterProblem_deferred_isNeverEarlierThanAskedForAndATenthLaterAtMost() {
    assertThat(waits(0).afterProblem(deferred(120))).isEqualTo(Duration.ofSeconds(120));
    assertThat(waits(-1).afterProblem(deferred(120)))
        .isBetween(Duration.ofSeconds(131), Duration.ofSeconds(132));
  }

  @Test
  void afterProblem_unavailableForAWhile_isNotAskedBeforeItIsOver() {
    assertThat(waits(0).afterProblem(unavailable(7))).isEqualTo(Duration.ofSeconds(7));
    assertThat(waits(-1).afterProblem(unavailable(7)))
        .isBetween(Duration.ofMillis(7_600), Duration.ofMillis(7_700));
  }

  @Test
  void afterProblem_unavailable_waitsLongerEachTimeUntilEnrolled() {
    Waits waits = waits(-1);
    Duration first = waits.afterProblem(unavailable(0));
    assertThat(first).isGreaterThan(Duration.ofMillis(900));
    assertThat(waits.afterProblem(unavailable(0))).isGreaterThan(first);

    waits.enrolled();

    assertThat(waits.afterProblem(unavailable(0))).isEqualTo(first);
  }

  @Test
  void afterProblem_refused_isAroundTheSlowRetry() {
    EnrollmentException refused = new EnrollmentRefusedException("no", null);

    assertThat(waits(0).afterProblem(refused)).isEqualTo(Duration.ofSeconds(150));
    assertThat(waits(-1).afterProblem(refused))
        .isBetween(Duration.ofSeconds(449), Duration.ofSeconds(450));
  }

  @Test
  void afterRenewalProblem_askedToWaitLong_isAQuarterOfWhatIsLeftAtMost() {
    Duration left = Duration.ofHours(4);

    assertThat(waits(0).afterRenewalProblem(deferred(24 * 3600), left))
        .isEqualTo(Duration.ofHours(1));
    assertThat(waits(0).afterRenewalProblem(deferred(120), left))
        .isEqualTo(Duration.ofSeconds(120));
    assertThat(waits(0).afterRenewalProblem(deferred(120), Duration.ZERO)).isPositive();
  }

  @Test
  void nextBusy_anyChance_isLongAfterTheFirstReconnect() {
    assertThat(waits(0).nextReconnect()).isLessThan(Duration.ofSeconds(1));
    assertThat(waits(0).nextBusy()).isEqualTo(Duration.ofSeconds(15));
    assertThat(waits(-1).nextBusy()).isBetween(Duration.ofSeconds(44), Duration.ofSeconds(45));
  }
}
