/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.bulk;

import dev.muster.enrollment.audit.Actor;
import dev.muster.enrollment.audit.AuditEvent;
import dev.muster.enrollment.inventory.BulkJob;
import dev.muster.enrollment.inventory.BulkResult;
import dev.muster.enrollment.inventory.BulkResult.State;
import dev.muster.enrollment.inventory.Registry;
import dev.muster.enrollment.revocation.Departures;
import dev.muster.enrollment.revocation.Revocations;
import dev.muster.protocol.identity.DeviceId;
import io.vertx.core.json.JsonObject;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Carries bulk jobs out, what ends certificates first, then the oldest, some devices at a time.
 * What is done to a device and that it is done stand in one transaction, so a job goes on where it
 * was, whatever has stopped it; who ordered it need not be there any more.
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
    Optional<BulkJob> open = registry.read(tables -> tables.bulk().nextOpen());
    publish();
    if (open.isEmpty()) {
      return false;
    }
    BulkJob job = open.get();
    // Before the commit: one that fails may have happened all the same. After a kill between the
    // two it is told by whoever starts, who tells everything.
    owed = order(job).touchesTrust();
    carryOn(job);
    publish();
    return true;
  }

  /** A device that cannot be done is told, and holds up neither its neighbours nor later jobs. */
  private void carryOn(BulkJob job) {
    try {
      registry.commit(tables -> take(tables, job.id(), any -> true));
    } catch (RuntimeException e) {
      LOG.warn("Bulk job tries each device alone job={} error={}", job.id(), e.toString());
      List<DeviceId> next = registry.read(tables -> tables.bulk().waiting(job.id(), SLICE));
      for (DeviceId device : next) {
        takeAlone(job, device);
      }
    }
  }

  /**
   * Once more, if it fails: what has made it fail, as another who locks the device, may be over.
   */
  private void takeAlone(BulkJob job, DeviceId device) {
    try {
      registry.commit(tables -> take(tables, job.id(), device::equals));
    } catch (RuntimeException first) {
      try {
        registry.commit(tables -> take(tables, job.id(), device::equals));
      } catch (RuntimeException again) {
        if (again != first) {
          again.addSuppressed(first);
        }
        if (closed) {
          throw again;
        }
        leaveOut(job, device, first, again);
      }
    }
  }

  /** A registry that works for nobody does not take this either: then all of it is tried again. */
  private void leaveOut(
      BulkJob job, DeviceId device, RuntimeException first, RuntimeException why) {
    String failures = Stream.of(first, why)
        .map(failure -> failure.getClass().getSimpleName())
        .distinct()
        .collect(Collectors.joining(", then "));
    BulkResult failed = new BulkResult(device, State.REFUSED, "failed: " + failures);
    boolean left = registry.commit(tables -> {
      // A commit that fails may have happened all the same; and a job may be cancelled meanwhile.
      boolean waits = tables.bulk().isWaiting(job.id(), device);
      if (waits) {
        tables.bulk().record(job.id(), List.of(failed));
      }
      return waits;
    });
    if (left) {
      LOG.error("Bulk job leaves out a device job={} device={}", job.id(), device, why);
    }
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

  /** The next devices of a job, those that are chosen; ends it if there are none left. */
  private List<BulkResult> take(Registry.Tables tables, String id, Predicate<DeviceId> chosen) {
    BulkJob job = tables.bulk().find(id).orElse(null);
    if (job == null || job.endedAt() != null) {
      return List.of();
    }
    Instant now = clock.instant();
    List<DeviceId> next = tables.bulk().waiting(id, SLICE);
    if (next.isEmpty()) {
      tables.bulk().end(id, now);
      tables.audit().append(told(AuditEvent.of(job.actor(), "bulk.ended", "bulk:" + id), job), now);
      LOG.info("Bulk job ended job={} work={}", id, job.work());
    }
    List<BulkResult> results = next.stream()
        .filter(chosen)
        .map(device -> step.take(tables, job, order(job), device, now))
        .toList();
    tables.bulk().record(id, results);
    return results;
  }

  /** With what has become of the devices of a job. */
  public static AuditEvent told(AuditEvent event, BulkJob job) {
    AuditEvent told = event.with("devices", job.devices());
    for (State state : State.values()) {
      long devices = job.counts().getOrDefault(state, 0L);
      told = told.with(state.label(), devices == 0 ? null : devices);
    }
    return told;
  }

  /**
   * Ends the jobs of somebody who may not order them any more, within a transaction that is about
   * more.
   *
   * @param operator as the audit log calls him
   */
  public static void stop(Registry.Tables tables, String operator, Actor actor, Instant now) {
    for (BulkJob job : tables.bulk().openOf(operator)) {
      tables.bulk().cancel(job.id(), now);
      AuditEvent event = AuditEvent.of(actor, "bulk.cancelled", "bulk:" + job.id())
          .with("because", operator + " may not any more");
      tables.audit().append(told(event, tables.bulk().find(job.id()).orElse(job)), now);
    }
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
