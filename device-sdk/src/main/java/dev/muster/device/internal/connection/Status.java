/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.internal.connection;

import static java.util.Objects.requireNonNull;

import dev.muster.device.DeviceListener;
import dev.muster.device.DeviceState;
import dev.muster.device.EnrollmentException;
import dev.muster.device.internal.log.DeviceLogger;
import java.time.Clock;
import java.time.Instant;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.slf4j.Logger;

/** What others may know about a device: its state and the reason for it. */
public final class Status {
  private static final Logger LOG = DeviceLogger.of(Status.class);
  private static final int MAX_PENDING = 256;

  /** A state, why, and since when. */
  public record Now(DeviceState state, String reason, Instant since) {}

  private final String boot;
  private final DeviceListener listener;
  private final Executor callbacks;
  private final AtomicInteger pending = new AtomicInteger();
  private final Clock clock;
  private volatile Now now;

  public Status(String boot, DeviceListener listener, Executor callbacks, Clock clock) {
    this.boot = boot;
    this.listener = requireNonNull(listener, "listener");
    this.callbacks = callbacks;
    this.clock = clock;
    this.now = new Now(DeviceState.NEW, "not started", clock.instant());
  }

  public Now now() {
    return now;
  }

  public DeviceState state() {
    return now.state();
  }

  public String reason() {
    return now.reason();
  }

  /** Enters a state, tells the log and the listener; does nothing if nothing changed. */
  public void enter(DeviceState state, String reason) {
    Now before = now;
    if (before.state() != state || !before.reason().equals(reason)) {
      // Another reason for the same state is no other state.
      now = new Now(state, reason, before.state() == state ? before.since() : clock.instant());
      LOG.info("Device state boot={} state={} reason={}", boot, state, reason);
      tell(target -> target.onState(state, reason));
    }
  }

  void problem(EnrollmentException problem) {
    LOG.warn("Enrollment failed boot={} reason={}", boot, problem.getMessage());
    tell(target -> target.onEnrollmentProblem(problem));
  }

  private void tell(Consumer<DeviceListener> call) {
    if (pending.incrementAndGet() > MAX_PENDING) {
      pending.decrementAndGet();
      LOG.warn("Listener too slow, a call was left out boot={}", boot);
      return;
    }
    try {
      callbacks.execute(() -> {
        pending.decrementAndGet();
        try {
          call.accept(listener);
        } catch (RuntimeException e) {
          LOG.warn("Listener failed boot={}", boot, e);
        }
      });
    } catch (RejectedExecutionException e) {
      pending.decrementAndGet();
      LOG.debug("Listener not told, its executor is closed boot={}", boot);
    }
  }
}
