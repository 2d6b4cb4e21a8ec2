/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.desk;

import dev.muster.enrollment.audit.Actor;
import dev.muster.enrollment.audit.AuditEvent;
import dev.muster.enrollment.inventory.Registry;
import dev.muster.enrollment.sql.SqlFailedException;
import java.time.Clock;
import java.time.Instant;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Puts into the audit log whom we turned away at the door. Anybody can knock, so only so many a
 * minute are written down one by one; the next that is tells how many were not.
 *
 * <p>Thread-safe; blocks.
 */
final class RefusalLog {
  private static final Logger LOG = LoggerFactory.getLogger(RefusalLog.class);
  private static final int PER_MINUTE = 60;
  private static final long MINUTE_MS = 60_000;

  private final Registry registry;
  private final Clock clock;
  private long minute;
  private int written;
  private long suppressed;

  RefusalLog(Registry registry, Clock clock) {
    this.registry = registry;
    this.clock = clock;
  }

  void record(Actor actor, String detail) {
    Instant now = clock.instant();
    long unwritten = take(now);
    if (unwritten < 0) {
      return;
    }
    AuditEvent event = AuditEvent.of(actor, "enrollment.refused", actor.name())
        .with("reason", detail)
        .with("suppressedBefore", unwritten == 0 ? null : unwritten);
    try {
      registry.commit(tables -> {
        tables.audit().append(event, now);
        return event;
      });
    } catch (SqlFailedException e) {
      // The refusal stands all the same.
      LOG.error("Refusal not in the audit log", e);
    }
  }

  /** @return how many were suppressed before this one; -1 if this one is, too */
  private synchronized long take(Instant now) {
    long current = now.toEpochMilli() / MINUTE_MS;
    if (current != minute) {
      minute = current;
      written = 0;
    }
    if (written >= PER_MINUTE) {
      suppressed++;
      return -1;
    }
    written++;
    long before = suppressed;
    suppressed = 0;
    return before;
  }
}
