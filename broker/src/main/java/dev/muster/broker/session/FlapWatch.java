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
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * Tells clients that come and go: a bad link, a watchdog that bites, a loop in the firmware. An
 * alarm is raised with more than twenty connections within ten minutes, and stands while it goes
 * on.
 *
 * <p>Thread-safe; does not block.
 */
public final class FlapWatch implements SessionListener {
  static final Duration WINDOW = Duration.ofMinutes(10);
  static final int CONNECTS = 20;

  private static final int MAX_WATCHED = 10_000;

  private static final class Watched {
    private final Deque<Instant> connects = new ArrayDeque<>(2);
    private Instant raisedAt = Instant.MIN;
    private Instant lastAt = Instant.MIN;
    private long times;
  }

  private final Clock clock;
  private final Consumer<SessionAlarm> alarms;

  /** What connected longest ago makes room. */
  private final Map<String, Watched> watched = RecentlyUsed.atMost(MAX_WATCHED);

  /** @param alarms hears of each alarm, and of each change of one */
  public FlapWatch(Clock clock, Consumer<SessionAlarm> alarms) {
    this.clock = clock;
    this.alarms = alarms;
  }

  @Override
  public synchronized void live(ClientSession session) {
    Instant now = clock.instant();
    Watched client = watched.computeIfAbsent(session.brokerClientId(), unseen -> new Watched());
    client.connects.add(now);
    while (client.connects.size() > CONNECTS + 1) {
      client.connects.remove();
    }
    if (client.connects.size() > CONNECTS && client.connects.element().isAfter(now.minus(WINDOW))) {
      raise(session, client, now);
    }
  }

  private void raise(ClientSession session, Watched client, Instant now) {
    boolean stands = client.lastAt.isAfter(now.minus(WINDOW));
    client.times = stands ? client.times + 1 : client.connects.size();
    client.raisedAt = stands ? client.raisedAt : now;
    client.lastAt = now;
    alarms.accept(new SessionAlarm(
        SessionAlarm.Kind.FLAPPING,
        session.clientId(),
        session.subject().toString(),
        session.credential().serialText(),
        List.of(session.connection().address()),
        client.raisedAt,
        now,
        client.times));
  }
}
