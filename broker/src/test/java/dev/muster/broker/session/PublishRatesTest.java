/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.session;

import static org.assertj.core.api.Assertions.assertThat;

import dev.muster.broker.Allocation;
import dev.muster.broker.authz.ClientSubject;
import dev.muster.broker.authz.RateLimit;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class PublishRatesTest {
  private long now;
  private final PublishRates rates = new PublishRates(() -> now);

  private static ClientSubject device(int number) {
    return new ClientSubject("device", "d" + number, "f1", "device");
  }

  private Optional<Duration> take(RateLimit limit, int bytes) {
    return rates.take(device(1), limit, bytes);
  }

  @Test
  void messages_passInABurst_thenWait_thenAreRefused() {
    RateLimit limit = new RateLimit(10, 0);
    for (int i = 0; i < 100; i++) {
      assertThat(take(limit, 1)).contains(Duration.ZERO);
    }
    for (int i = 1; i <= 50; i++) {
      assertThat(take(limit, 1)).contains(Duration.ofMillis(100L * i));
    }
    assertThat(take(limit, 1)).as("more than 5 s ahead").isEmpty();
    now += TimeUnit.SECONDS.toNanos(5);
    assertThat(take(limit, 1)).contains(Duration.ofMillis(100));
    now += TimeUnit.SECONDS.toNanos(60);
    assertThat(take(limit, 1)).contains(Duration.ZERO);
  }

  /** The filters of one packet, for example. */
  @Test
  void several_waitTogether_andAreRefusedTogether() {
    RateLimit limit = new RateLimit(10, 0);
    assertThat(rates.take(device(1), limit, 151, 0)).as("5.1 s ahead").isEmpty();
    assertThat(rates.take(device(1), limit, 100, 0)).contains(Duration.ZERO);
    assertThat(rates.take(device(1), limit, 30, 0)).contains(Duration.ofSeconds(3));
    assertThat(rates.take(device(1), limit, 21, 0)).isEmpty();
    assertThat(rates.take(device(1), limit, 20, 0)).contains(Duration.ofSeconds(5));
  }

  @Test
  void messageThatDoesNotWait_allocatesNothing() {
    RateLimit limit = new RateLimit(1_000_000, 1_000_000);
    ClientSubject subject = device(1);
    assertThat(Allocation.of(() -> rates.take(subject, limit, 1))).isLessThan(Allocation.AN_OBJECT);
  }

  @Test
  void bytes_arePaidForAfterwards() {
    RateLimit limit = new RateLimit(0, 1_000);
    assertThat(take(limit, 12_000)).contains(Duration.ZERO);
    assertThat(take(limit, 1)).contains(Duration.ofSeconds(2));
    assertThat(rates.take(device(2), limit, 1)).as("another").contains(Duration.ZERO);
  }

  @Test
  void noLimit_neverWaits() {
    for (int i = 0; i < 10_000; i++) {
      assertThat(take(RateLimit.NONE, 1_000_000)).contains(Duration.ZERO);
    }
    assertThat(rates.size()).isZero();
  }

  /** A policy changes under those who are connected, and who may have two roles in turn. */
  @Test
  void limitThatChanges_isInForceAtOnce_andForgivesNothing() {
    RateLimit wide = new RateLimit(100, 0);
    RateLimit narrow = new RateLimit(1, 0);
    assertThat(take(wide, 1)).contains(Duration.ZERO);
    for (int i = 0; i < 10; i++) {
      assertThat(take(narrow, 1)).as("what the narrow one saves up").contains(Duration.ZERO);
    }
    assertThat(take(narrow, 1)).contains(Duration.ofSeconds(1));
    assertThat(take(wide, 1)).as("owed, and paid sooner").contains(Duration.ofMillis(20));
    assertThat(take(narrow, 1)).contains(Duration.ofSeconds(3));
    now += TimeUnit.SECONDS.toNanos(60);
    for (int i = 0; i < 10; i++) {
      assertThat(take(narrow, 1)).contains(Duration.ZERO);
    }
    assertThat(take(narrow, 1)).contains(Duration.ofSeconds(1));
  }

  @Test
  void quietPrincipals_areForgotten() {
    for (int i = 0; i < 25_000; i++) {
      rates.take(device(i), new RateLimit(10, 10), 1);
      now += TimeUnit.MILLISECONDS.toNanos(10);
    }
    assertThat(rates.size()).isLessThan(10_001);
  }
}
