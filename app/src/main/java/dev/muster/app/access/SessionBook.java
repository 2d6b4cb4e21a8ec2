/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.access;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;

/** Who has signed in. In memory alone: whoever restarts the server signs everybody out. */
final class SessionBook {
  static final Duration IDLE = Duration.ofHours(1);
  static final Duration LONGEST = Duration.ofHours(12);
  private static final int MAX_PER_OPERATOR = 20;

  private final Map<String, Session> byCookie = new ConcurrentHashMap<>();
  private final Clock clock;

  SessionBook(Clock clock) {
    this.clock = clock;
  }

  /**
   * Begins one.
   *
   * @param cookie what the browser will bring
   * @param login what it is opened with
   */
  synchronized Session open(
      String cookie, String operator, Login login, String address, String browser) {
    Instant now = clock.instant();
    byCookie.values().removeIf(one -> isOver(one, now));
    List<Session> own = list(one -> one.operator().equals(operator));
    if (own.size() >= MAX_PER_OPERATOR) {
      byCookie.remove(own.get(own.size() - 1).cookieHash());
    }
    Session session = new Session(
        Secret.id(),
        Secret.hash(cookie),
        Secret.create(),
        operator,
        login,
        address,
        browser,
        now,
        now);
    byCookie.put(session.cookieHash(), session);
    return session;
  }

  /** The session of a cookie, used now; empty if it is over. */
  Optional<Session> find(String cookie) {
    Instant now = clock.instant();
    return Optional.ofNullable(byCookie.computeIfPresent(
        Secret.hash(cookie), (hash, one) -> isOver(one, now) ? null : one.used(now)));
  }

  /** Lets a session, unless it has ended, outlive that its operator gets this password. */
  void keep(Session session, String password) {
    byCookie.computeIfPresent(session.cookieHash(), (hash, one) -> one.with(password));
  }

  private static boolean isOver(Session session, Instant now) {
    return now.isAfter(session.lastUsed().plus(IDLE))
        || now.isAfter(session.since().plus(LONGEST));
  }

  /** Those still open, the newest first. */
  List<Session> list(Predicate<Session> which) {
    Instant now = clock.instant();
    return byCookie.values().stream()
        .filter(one -> !isOver(one, now) && which.test(one))
        .sorted(Comparator.comparing(Session::since).reversed().thenComparing(Session::id))
        .toList();
  }

  /** Ends those. @return how many there were */
  int end(Predicate<Session> which) {
    List<Session> ended = list(which);
    ended.forEach(one -> byCookie.remove(one.cookieHash()));
    return ended.size();
  }
}
