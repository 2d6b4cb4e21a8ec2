/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Has the chores done, again and again, and remembers which of them fail. */
final class Upkeep {
  private static final Logger LOG = LoggerFactory.getLogger(Upkeep.class);
  private static final Duration MAX_TICK = Duration.ofMinutes(1);

  private final List<Chore> chores;
  private final Duration interval;
  private final Executor workers;
  /** A chore that takes longer than a tick is not begun twice. */
  private final Set<Chore> running = ConcurrentHashMap.newKeySet();

  private final Map<String, String> problems = new ConcurrentHashMap<>();

  /** @param interval the shortest after which a chore may be due */
  Upkeep(List<Chore> chores, Duration interval, Executor workers) {
    this.chores = List.copyOf(chores);
    this.interval = interval;
    this.workers = workers;
  }

  /** How often {@link #tick} wants to be called. */
  long tickMs() {
    return Math.max(1, Math.min(MAX_TICK.toMillis(), interval.toMillis()));
  }

  /** Returns at once; the work is done by a worker. */
  void tick() {
    try {
      workers.execute(() -> chores.forEach(this::run));
    } catch (RejectedExecutionException e) {
      LOG.debug("Too busy for upkeep, next time");
    }
  }

  /** What goes wrong; empty if nothing does. */
  Optional<String> problem() {
    return problems.isEmpty()
        ? Optional.empty()
        : Optional.of(String.join("; ", new TreeMap<>(problems).values()));
  }

  private void run(Chore chore) {
    if (!running.add(chore)) {
      return;
    }
    try {
      chore.work().run();
      problems.remove(chore.failure());
    } catch (RuntimeException e) {
      problems.put(chore.failure(), chore.failure() + ": " + e.getClass().getSimpleName());
      LOG.error("Upkeep failed problem=\"{}\"", chore.failure(), e);
    } finally {
      running.remove(chore);
    }
  }
}
