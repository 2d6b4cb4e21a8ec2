/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.bulk;

import dev.muster.enrollment.inventory.BulkJob;
import dev.muster.enrollment.inventory.BulkResult;
import dev.muster.enrollment.inventory.Registry;
import dev.muster.enrollment.revocation.Departures;
import dev.muster.enrollment.revocation.Revocations;
import dev.muster.protocol.identity.DeviceId;
import io.vertx.core.json.JsonObject;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Carries bulk jobs out, the oldest first, some devices at a time. What is done to a device and
 * that it is done stand in one transaction, so a job goes on where it was, whatever has stopped it;
 * who ordered it need not be there any more.
 */
public final class BulkWork implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(BulkWork.class);

  /** So few that whoever else writes hardly waits. */
  private static final int SLICE = 50;

  private static final int CLOSE_SECONDS = 5;

  private final Registry registry;
  private final BulkStep step;
  private final Runnable publish;
  private final Clock clock;
  private final ExecutorService thread = Executors.newSingleThreadExecutor(work -> {
    Thread made = new Thread(work, "bulk");
    made.setDaemon(true);
    return made;
  });
  private volatile boolean closed;
  /** Something is revoked, or may be, and not told. */
  private boolean owed;

  private @Nullable String problem;

  /** @param publish tells the world what was revoked; blocks. Is to be done at each start, too */
  public BulkWork(
      Registry registry,
      Departures departures,
      Revocations revocations,
      Runnable publish,
      Clock clock) {
    this.registry = registry;
    this.step = new BulkStep(departures, revocations);
    this.publish = publish;
    this.clock = clock;
  }

  /** Has open jobs carried on; returns at once. To be called when there may be one. */
  public void look() {
    try {
      thread.execute(this::run);
    } catch (RejectedExecutionException e) {
      LOG.debug("Stopping; the job goes on after the next start");
    }
  }

  private void run() {
    try {
      while (!closed && slice()) {
        // Again.
      }
      tell(null);
    } catch (RuntimeException e) {
      LOG.error("Bulk job held up (it is tried again)", e);
      tell("bulk jobs cannot be carried on: " + e.getClass().getSimpleName());
    }
  }

  private synchronized void tell(@Nullable String now) {
    problem = now;
  }

  /** What is wrong; empty if nothing is. */
  public synchronized Optional<String> problem() {
    return Optional.ofNullable(problem);
  }

  /** @return whether there may be more */
  private boolean slice() {
    Optional<BulkJob> open = registry.read(tables -> tables.bulk().oldestOpen());
    publish();
    if (open.isEmpty()) {
      return false;
    }
    // Before the commit: one that fails may have happened all the same. After a kill between the
    // two it is told by whoever starts, who tells everything.
    owed = order(open.get()).touchesTrust();
    registry.commit(this::carryOn);
    publish();
    return true;
  }

  private void publish() {
    if (owed) {
      publish.run();
      owed = false;
    }
  }

  private static BulkOrder order(BulkJob job) {
    return BulkOrder.of(job.work(), new JsonObject(job.details()));
  }

  /** The next devices of the oldest job; ends it if there are none. */
  private List<BulkResult> carryOn(Registry.Tables tables) {
    BulkJob job = tables.bulk().oldestOpen().orElse(null);
    if (job == null) {
      return List.of();
    }
    Instant now = clock.instant();
    List<DeviceId> next = tables.bulk().waiting(job.id(), SLICE);
    if (next.isEmpty()) {
      tables.bulk().end(job.id(), now);
      LOG.info("Bulk job ended job={} work={}", job.id(), job.work());
    }
    List<BulkResult> results = new ArrayList<>();
    next.forEach(device -> results.add(step.take(tables, job, order(job), device, now)));
    tables.bulk().record(job.id(), results);
    return results;
  }

  /** Finishes the devices under way. */
  @Override
  public void close() {
    closed = true;
    thread.shutdown();
    try {
      if (!thread.awaitTermination(CLOSE_SECONDS, TimeUnit.SECONDS)) {
        thread.shutdownNow();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
