/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.operator;

import dev.muster.enrollment.inventory.IdentitySummary;
import dev.muster.enrollment.inventory.Registry;
import dev.muster.enrollment.inventory.Within;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/** {@code /summary/identities}: the numbers that an overview begins with. */
final class SummaryRoutes {
  /** Counting the ends takes a while in a large fleet, and what is counted changes in days. */
  private static final Duration ENDS_KEPT = Duration.ofMinutes(1);

  /** Of so many sets of fleets. */
  private static final int MAX_KEPT = 100;

  private final OperatorParts parts;
  private final Work work;
  private final ReentrantLock counting = new ReentrantLock();
  private final Map<Within, Counted> counted = new ConcurrentHashMap<>();

  private record Counted(Instant at, IdentitySummary.Ends ends) {}

  SummaryRoutes(OperatorParts parts, Work work) {
    this.parts = parts;
    this.work = work;
  }

  void mount(Router router) {
    router
        .get("/summary/identities")
        .handler(request -> work.answer(request, 200, () -> {
          Instant now = parts.clock().instant();
          Within within = Work.within(request);
          Counted ends = ends(within, now);
          IdentitySummary summary =
              parts.registry().read(tables -> tables.summaries().identities(within));
          return json(now, summary, ends);
        }));
  }

  /**
   * One counts; whoever else asks is told what was counted before, as operators' threads are few,
   * and revocations run on them too.
   */
  private Counted ends(Within within, Instant now) {
    @Nullable Counted last = counted.get(within);
    if (last != null && (isFresh(last, now) || !counting.tryLock())) {
      return last;
    }
    if (last == null) {
      counting.lock();
    }
    try {
      @Nullable Counted newest = counted.get(within);
      if (newest == null || !isFresh(newest, now)) {
        newest = new Counted(now, parts.registry().read(tables -> count(tables, within, now)));
        if (counted.size() >= MAX_KEPT) {
          counted.clear();
        }
        counted.put(within, newest);
      }
      return newest;
    } finally {
      counting.unlock();
    }
  }

  private static boolean isFresh(Counted counted, Instant now) {
    return !now.isAfter(counted.at().plus(ENDS_KEPT));
  }

  private static IdentitySummary.Ends count(Registry.Tables tables, Within within, Instant now) {
    return tables.summaries().ends(within, now);
  }

  private static JsonObject json(Instant now, IdentitySummary summary, Counted counted) {
    JsonObject devices = new JsonObject();
    summary.devices().forEach((status, number) -> devices.put(status.label(), number));
    IdentitySummary.Ends ends = counted.ends();
    return new JsonObject()
        .put("at", now.toString())
        .put("devices", devices)
        .put("waiting", summary.waiting())
        .put("alarms", summary.alarms())
        .put(
            "certificates",
            new JsonObject()
                .put("at", counted.at().toString())
                .put("ended", ends.ended())
                .put("within7Days", ends.within7())
                .put("within30Days", ends.within30())
                .put("within90Days", ends.within90())
                .put("later", ends.later())
                .put("overdue", ends.overdue()));
  }
}
