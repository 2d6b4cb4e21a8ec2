/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.session;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

/**
 * Tells two machines that are one client from one machine that reconnects. A take-over of a live
 * session alone means nothing: behind a changing NAT, a device comes back from another address
 * before its old connection is known to be dead, or with the certificate that it has just renewed.
 * But it does not go to and fro. So an alarm is raised when an address, or a certificate, that was
 * thrown out has thrown out the other in turn, twice within ten minutes; and when sessions are
 * taken over more than six times in a minute, from wherever.
 *
 * <p>Thread-safe; does not block.
 */
public final class CloneWatch {
  static final Duration WINDOW = Duration.ofMinutes(10);
  static final int COMEBACKS = 2;
  static final Duration FLAPPING = Duration.ofMinutes(1);
  static final int FLAPS = 6;

  private static final int MAX_WATCHED = 10_000;
  /** Of one client: more than raise an alarm. */
  private static final int MAX_RECENT = 64;

  private static final int MAX_ALARMS = 1_000;

  /** Where a connection comes from, and with which certificate. */
  private record Party(String address, String certificate) {
    /** What tells it from the other: the certificate, or if both have the same, the address. */
    String apartFrom(Party other) {
      return certificate.equals(other.certificate)
          ? "address " + address
          : "certificate " + certificate;
    }
  }

  private record TakeOver(Instant at, Party thrownOut, Party from) {}

  private final Clock clock;
  private final Map<String, Deque<TakeOver>> watched = RecentlyUsed.atMost(MAX_WATCHED);
  private final Map<String, SessionAlarm> standing = RecentlyUsed.atMost(MAX_ALARMS);
  private final Consumer<SessionAlarm> alarms;

  /** @param alarms hears of each alarm, and of each change of one */
  public CloneWatch(Clock clock, Consumer<SessionAlarm> alarms) {
    this.clock = clock;
    this.alarms = alarms;
  }

  /**
   * Notes that a client connects in the place of a live session of its own.
   *
   * @param before what the live session was opened with
   * @param live the connection that ends
   * @param certificate what the client comes with; another if it was renewed since, or copied
   * @param from its address
   * @return the alarm that this raises; empty also if it goes on with one that stands
   */
  public synchronized Optional<SessionAlarm> tookOver(
      ClientSession.Credential before,
      ClientSession.Connection live,
      ClientSession.Credential certificate,
      String from) {
    Instant now = clock.instant();
    String key = ClientSession.brokerClientId(certificate.subject(), live.clientId());
    Deque<TakeOver> recent = watched.computeIfAbsent(key, unseen -> new ArrayDeque<>());
    recent.removeIf(one -> one.at.isBefore(now.minus(WINDOW)));
    recent.add(new TakeOver(
        now, new Party(live.address(), named(before)), new Party(from, named(certificate))));
    while (recent.size() > MAX_RECENT) {
      recent.remove();
    }
    if (!isSuspicious(recent, now)) {
      return Optional.empty();
    }
    SessionAlarm last = standing.get(key);
    boolean stands = last != null && last.lastAt().isAfter(now.minus(WINDOW));
    SessionAlarm alarm = new SessionAlarm(
        SessionAlarm.Kind.SESSION,
        live.clientId(),
        certificate.subject().toString(),
        certificate.serialText(),
        List.of(live.address(), from),
        stands ? last.raisedAt() : now,
        now,
        stands ? last.times() + 1 : recent.size());
    standing.put(key, alarm);
    alarms.accept(alarm);
    return stands ? Optional.empty() : Optional.of(alarm);
  }

  private static boolean isSuspicious(Deque<TakeOver> recent, Instant now) {
    long flaps =
        recent.stream().filter(one -> one.at.isAfter(now.minus(FLAPPING))).count();
    return flaps > FLAPS || comebacks(recent) >= COMEBACKS;
  }

  private static int comebacks(Deque<TakeOver> recent) {
    int comebacks = 0;
    Set<String> thrownOut = new HashSet<>();
    for (TakeOver one : recent) {
      if (!one.from.equals(one.thrownOut)) {
        comebacks += thrownOut.contains(one.from.apartFrom(one.thrownOut)) ? 1 : 0;
        thrownOut.add(one.thrownOut.apartFrom(one.from));
      }
    }
    return comebacks;
  }

  private static String named(ClientSession.Credential certificate) {
    return certificate.authority() + "/" + certificate.serialText();
  }
}
