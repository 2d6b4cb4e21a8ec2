/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.access;

import static org.assertj.core.api.Assertions.assertThat;

import dev.muster.app.access.LoginThrottle.Attempt;
import dev.muster.testing.MovableClock;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class LoginThrottleTest {
  private static final Attempt GUESSER = new Attempt("ada", "192.0.2.66", null);

  private final MovableClock clock = MovableClock.at(Instant.parse("2026-03-01T12:00:00Z"));
  private final LoginThrottle throttle = new LoginThrottle(clock);

  private void fail(Attempt attempt, int times) {
    for (int i = 0; i < times; i++) {
      assertThat(throttle.begin(attempt)).isZero();
    }
  }

  @Test
  void guesser_afterFiveFailures_waitsLongerEachTime() {
    fail(GUESSER, 5);
    assertThat(throttle.begin(GUESSER)).isEqualTo(Duration.ofSeconds(1));
    clock.advance(Duration.ofSeconds(1));
    fail(GUESSER, 1);
    assertThat(throttle.begin(GUESSER)).isEqualTo(Duration.ofSeconds(2));
  }

  @Test
  void guesser_whoNeverStops_waitsAQuarterOfAnHourAtMost() {
    for (int i = 0; i < 60; i++) {
      clock.advance(throttle.begin(GUESSER));
    }
    assertThat(throttle.begin(GUESSER)).isLessThanOrEqualTo(Duration.ofMinutes(15));
  }

  @Test
  void owner_fromAnotherAddress_isNotLockedOut() {
    fail(GUESSER, 5);
    assertThat(throttle.begin(new Attempt("ada", "198.51.100.1", null))).isZero();
  }

  @Test
  void owner_behindTheSameProxy_isNotLockedOutOfAKnownBrowser() {
    for (int i = 0; i < 100; i++) {
      throttle.begin(new Attempt("guess" + i, GUESSER.address(), null));
      throttle.begin(GUESSER);
    }
    assertThat(throttle.begin(GUESSER)).isPositive();
    assertThat(throttle.begin(new Attempt("ada", GUESSER.address(), "nonce"))).isZero();
  }

  @Test
  void knownBrowser_thatWasStolen_isNoWayAroundTheLimit() {
    Attempt thief = new Attempt("ada", "192.0.2.66", "nonce");
    fail(thief, 5);
    assertThat(throttle.begin(thief)).isPositive();
  }

  @Test
  void names_triedOneAfterTheOther_areLimitedByAddress() {
    for (int i = 0; i < 30; i++) {
      fail(new Attempt("name" + i, GUESSER.address(), null), 1);
    }
    assertThat(throttle.begin(new Attempt("next", GUESSER.address(), null))).isPositive();
  }

  @Test
  void addresses_ofOneIpv6Network_areOne() {
    fail(new Attempt("ada", "2001:db8:0:1:0:0:0:1", null), 5);
    assertThat(throttle.begin(new Attempt("ada", "2001:db8:0:1:a:b:c:d", null))).isPositive();
    assertThat(throttle.begin(new Attempt("ada", "2001:db8:0:2:0:0:0:1", null))).isZero();
  }

  @Test
  void rightPassword_forgetsTheFailures() {
    fail(GUESSER, 4);
    throttle.begin(GUESSER);
    throttle.succeeded(GUESSER);
    fail(GUESSER, 5);
  }
}
