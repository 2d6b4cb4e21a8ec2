/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.simulator;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.Comparator;
import java.util.PriorityQueue;
import java.util.function.BooleanSupplier;

/**
 * Time that passes when a test says so; everything happens on the test's thread, in a fixed order.
 */
final class ManualTimeline implements Timeline {
  static final Instant START = Instant.parse("2026-11-21T12:00:00Z");

  private record Task(long nanos, long order, Runnable work) {}

  private final PriorityQueue<Task> tasks =
      new PriorityQueue<>(Comparator.comparingLong(Task::nanos).thenComparingLong(Task::order));
  private long now = 1_000_000_007L;
  private final long begin = now;
  private long order;

  @Override
  public long nanos() {
    return now;
  }

  @Override
  public void at(long nanos, Runnable task) {
    tasks.add(new Task(nanos, order++, task));
  }

  @Override
  public void blocking(Runnable task) {
    at(now, task);
  }

  void after(Duration delay, Runnable task) {
    at(now + delay.toNanos(), task);
  }

  /** Lets time pass while a task is being done. */
  void spend(Duration time) {
    now += time.toNanos();
  }

  Duration elapsed() {
    return Duration.ofNanos(now - begin);
  }

  /** Does what is due, and lets time pass up to the next task, until {@code done}. */
  void runUntil(BooleanSupplier done) {
    while (!done.getAsBoolean()) {
      Task next = tasks.poll();
      if (next == null) {
        throw new AssertionError("nothing left to do after " + elapsed());
      }
      now = Math.max(now, next.nanos());
      next.work().run();
    }
  }

  /** The same time as a wall clock. */
  Clock clock() {
    return new Clock() {
      @Override
      public Instant instant() {
        return START.plus(elapsed());
      }

      @Override
      public ZoneId getZone() {
        return ZoneOffset.UTC;
      }

      @Override
      public Clock withZone(ZoneId zone) {
        throw new UnsupportedOperationException();
      }
    };
  }
}
