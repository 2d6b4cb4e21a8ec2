/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.access;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Makes guessing slow. A guesser is known by the account that he tries and the address that he
 * comes from, never by the account alone: nobody can lock others out of theirs. A browser that the
 * account was signed in from before is counted by itself, so that not even a guesser at the same
 * address (behind the same proxy) stands in its way.
 */
final class LoginThrottle {
  private static final int FREE_PER_ACCOUNT = 5;
  private static final int FREE_PER_ADDRESS = 30;
  private static final Duration LONGEST_WAIT = Duration.ofMinutes(15);
  private static final int MAX_KEYS = 10_000;
  private static final int MAX_DOUBLINGS = 10;

  private record Failures(int count, Instant last) {}

  /** The one longest unused goes first. */
  private final Map<String, Failures> failures = new LinkedHashMap<>(16, 0.75f, true) {
    @Override
    protected boolean removeEldestEntry(Map.Entry<String, Failures> eldest) {
      return size() > MAX_KEYS;
    }
  };

  private final Clock clock;

  LoginThrottle(Clock clock) {
    this.clock = clock;
  }

  /** One who tries. @param device the browser that is known to be the account's; null if none is */
  record Attempt(String account, String address, @Nullable String device) {
    Attempt {
      address = network(address);
    }

    /** Who has an IPv6 address has as many as he likes, in one /64. */
    private static String network(String address) {
      String[] groups = address.split(":");
      return groups.length == 8
          ? String.join(":", groups[0], groups[1], groups[2], groups[3]) + "::/64"
          : address;
    }

    private List<Limit> limits() {
      return device != null
          ? List.of(new Limit("device " + device, FREE_PER_ACCOUNT))
          : List.of(
              new Limit("account " + account + " " + address, FREE_PER_ACCOUNT),
              new Limit("address " + address, FREE_PER_ADDRESS));
    }
  }

  private record Limit(String key, int free) {}

  /**
   * Counts an attempt as failed until it has not, so that many at once gain nothing.
   *
   * @return how long to wait first; zero if it may be made
   */
  synchronized Duration begin(Attempt attempt) {
    Instant now = clock.instant();
    Duration wait = Duration.ZERO;
    for (Limit limit : attempt.limits()) {
      Duration one = wait(limit, now);
      wait = one.compareTo(wait) > 0 ? one : wait;
    }
    if (wait.isZero()) {
      attempt
          .limits()
          .forEach(limit -> failures.merge(
              limit.key(),
              new Failures(1, now),
              (before, first) ->
                  new Failures(isForgotten(before, now) ? 1 : before.count() + 1, now)));
    }
    return wait;
  }

  private Duration wait(Limit limit, Instant now) {
    Failures past = failures.get(limit.key());
    if (past == null || past.count() < limit.free() || isForgotten(past, now)) {
      return Duration.ZERO;
    }
    Duration pause = Duration.ofSeconds(1L << Math.min(past.count() - limit.free(), MAX_DOUBLINGS));
    Instant until = past.last().plus(pause.compareTo(LONGEST_WAIT) < 0 ? pause : LONGEST_WAIT);
    return until.isAfter(now) ? Duration.between(now, until) : Duration.ZERO;
  }

  private static boolean isForgotten(Failures past, Instant now) {
    return now.isAfter(past.last().plus(LONGEST_WAIT.multipliedBy(2)));
  }

  /** It was the right password after all. */
  synchronized void succeeded(Attempt attempt) {
    List<Limit> limits = attempt.limits();
    failures.remove(limits.get(0).key());
    limits.stream()
        .skip(1)
        .forEach(limit -> failures.computeIfPresent(
            limit.key(),
            (key, past) -> past.count() <= 1 ? null : new Failures(past.count() - 1, past.last())));
  }
}
