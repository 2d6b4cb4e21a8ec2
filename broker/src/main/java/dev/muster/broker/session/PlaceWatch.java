/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.session;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Tells a key that is used in two places at once. A certificate may have many sessions, but all at
 * one address; whoever moves leaves its sessions at the old address behind. So an alarm is raised
 * when a session goes on after another one was opened or used elsewhere, which need not be there
 * any more. One of MQTT does so if it is still there when a dead one would have been ended, after
 * one and a half times its keep-alive (MQTT 5, 3.1.2.10); one of CoAP, with its next request. A
 * session that itself comes from another address (RFC 9146) is at one place all the same. Devices
 * that throw each other out are for {@link CloneWatch} to tell.
 *
 * <p>Thread-safe; does not block.
 */
public final class PlaceWatch implements SessionListener {
  static final Duration WINDOW = Duration.ofMinutes(10);
  /** How often one that goes on is told: with each message it would be too often. */
  static final Duration PACE = Duration.ofSeconds(10);

  private static final Duration MARGIN = Duration.ofSeconds(1);
  private static final int MAX_CERTIFICATES = 10_000;
  private static final int MAX_SESSIONS = 8;

  private final Sessions sessions;
  private final BiConsumer<Duration, Runnable> later;
  private final Clock clock;
  private final Consumer<SessionAlarm> alarms;
  /** Sessions that will be looked at again; each once, however often others come meanwhile. */
  private final Set<Long> awaited = ConcurrentHashMap.newKeySet();

  /** Of certificates used over CoAP: where each session was used, the newest use last. */
  private final Map<String, Map<String, String>> places = RecentlyUsed.atMost(MAX_CERTIFICATES);

  private final Map<String, SessionAlarm> standing = RecentlyUsed.atMost(MAX_CERTIFICATES);

  /**
   * @param later runs something after a while
   * @param alarms hears of each alarm, and of each change of one
   */
  public PlaceWatch(
      Sessions sessions,
      BiConsumer<Duration, Runnable> later,
      Clock clock,
      Consumer<SessionAlarm> alarms) {
    this.sessions = sessions;
    this.later = later;
    this.clock = clock;
    this.alarms = alarms;
  }

  @Override
  public void live(ClientSession session) {
    String address = session.connection().address();
    lookAgainAtOthers(session.credential(), session.brokerClientId(), address);
    synchronized (this) {
      Map<String, String> seen = places.get(session.credential().certificate());
      if (seen != null) {
        note(mqtt(session), address, seen);
      }
    }
  }

  private void lookAgainAtOthers(
      ClientSession.Credential certificate, String brokerClientId, String address) {
    for (ClientSession other : sessions.othersOf(certificate, brokerClientId)) {
      if (other.isLive()
          && !other.connection().address().equals(address)
          && awaited.add(other.id())) {
        long id = other.id();
        later.accept(patience(other), () -> lookAgain(id, address));
      }
    }
  }

  /** By its number: a session that has ended is not kept for this. */
  private void lookAgain(long id, String elsewhere) {
    awaited.remove(id);
    sessions
        .find(id)
        .filter(session -> !session.isClosed() && !session.isEnding())
        .ifPresent(session -> raise(
            session.credential(), session.clientId(), session.connection().address(), elsewhere));
  }

  private static String mqtt(ClientSession session) {
    return "mqtt " + session.id();
  }

  private static Duration patience(ClientSession session) {
    long keepAlive = Duration.ofSeconds(session.connection().keepAliveSeconds()).toMillis();
    return Duration.ofMillis(keepAlive * 3 / 2).plus(MARGIN);
  }

  /**
   * Notes a request over CoAP.
   *
   * @param session tells those of a certificate apart, wherever they come from
   */
  public void used(
      ClientSession.Credential certificate, String client, String session, String address) {
    boolean opened;
    String elsewhere;
    synchronized (this) {
      Map<String, String> seen = places.computeIfAbsent(
          certificate.certificate(), unseen -> RecentlyUsed.atMost(MAX_SESSIONS));
      opened = !seen.containsKey(session);
      elsewhere = elsewhereSince(session, address, seen);
      note(session, address, seen);
    }
    if (elsewhere != null) {
      raise(certificate, client, address, elsewhere);
    }
    if (opened) {
      lookAgainAtOthers(certificate, "", address);
    }
  }

  /** Who opens many sessions at his address drives out his own, and not the one elsewhere. */
  private static void note(String session, String address, Map<String, String> seen) {
    if (seen.size() >= MAX_SESSIONS && !seen.containsKey(session)) {
      Set<String> addresses = new HashSet<>(Set.of(address));
      // The newest of each address stays.
      List<Map.Entry<String, String>> newestFirst = new ArrayList<>(seen.entrySet());
      Collections.reverse(newestFirst);
      newestFirst.stream()
          .filter(one -> !addresses.add(one.getValue()))
          .map(Map.Entry::getKey)
          .reduce((newer, older) -> older)
          .ifPresent(seen::remove);
    }
    seen.put(session, address);
  }

  /** Where another session was used since this one was; null if nowhere else. */
  private static @Nullable String elsewhereSince(
      String session, String address, Map<String, String> seen) {
    boolean since = false;
    String elsewhere = null;
    for (Map.Entry<String, String> one : seen.entrySet()) {
      if (one.getKey().equals(session)) {
        since = true;
      } else if (since && !one.getValue().equals(address)) {
        elsewhere = one.getValue();
      }
    }
    return elsewhere;
  }

  private synchronized void raise(
      ClientSession.Credential certificate, String client, String address, String elsewhere) {
    Instant now = clock.instant();
    SessionAlarm before = standing.get(certificate.certificate());
    boolean stands = before != null && before.lastAt().isAfter(now.minus(WINDOW));
    if (stands && before.lastAt().isAfter(now.minus(PACE))) {
      return;
    }
    SessionAlarm alarm = new SessionAlarm(
        SessionAlarm.Kind.TWO_PLACES,
        client,
        certificate.subject().toString(),
        certificate.serialText(),
        List.of(address, elsewhere),
        stands ? before.raisedAt() : now,
        now,
        stands ? before.times() + 1 : 1);
    standing.put(certificate.certificate(), alarm);
    alarms.accept(alarm);
  }
}
