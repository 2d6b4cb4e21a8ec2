/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.simulator;

import dev.muster.protocol.identity.DeviceId;
import dev.muster.simulator.client.DeviceLink;
import java.time.Clock;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One virtual device in a run: opens its link, sends when a message is due, and counts what comes
 * of it.
 *
 * <p>Opening and closing exclude each other; sending is a chain of tasks, one at a time; the link's
 * callbacks take no lock, because a link may wait for them while it is being closed.
 */
final class DeviceRun implements DeviceLink.Listener {
  private static final Logger LOG = LoggerFactory.getLogger(DeviceRun.class);

  private final VirtualDevice device;
  private final DeviceLink.Factory links;
  private final Timeline timeline;
  private final Clock clock;
  private final RunCounters counters;
  private final LossLedger ledger;
  private final Runnable whenSettled;

  private final AtomicBoolean settled = new AtomicBoolean();
  private final AtomicBoolean enrolled = new AtomicBoolean();
  private final AtomicBoolean connected = new AtomicBoolean();
  private volatile boolean sending = true;
  private volatile boolean counting = true;
  private volatile String reason = "not started";
  private volatile @Nullable DeviceLink link;
  private boolean closed;

  /** @param whenSettled called once, when the device came online, or cannot, or took too long */
  DeviceRun(
      VirtualDevice device,
      DeviceLink.Factory links,
      Timeline timeline,
      Clock clock,
      RunCounters counters,
      LossLedger ledger,
      Runnable whenSettled) {
    this.device = device;
    this.links = links;
    this.timeline = timeline;
    this.clock = clock;
    this.counters = counters;
    this.ledger = ledger;
    this.whenSettled = whenSettled;
  }

  /** Makes the device and lets it start; blocks on the disk. */
  synchronized void open() {
    if (closed || !sending) {
      return;
    }
    reason = "no answer yet";
    try {
      DeviceLink opened = links.open(device.serial(), this);
      link = opened;
      opened.start();
    } catch (RuntimeException e) {
      // The world of one device is broken; the others go on, and the report tells.
      reason = e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
      LOG.warn("Virtual device not started serial={} reason={}", device.serial(), reason);
      settle();
    }
  }

  /** Nobody needs to wait for this device's start any longer. */
  void settle() {
    if (settled.compareAndSet(false, true)) {
      whenSettled.run();
    }
  }

  @Override
  public void enrolled() {
    if (enrolled.compareAndSet(false, true)) {
      counters.enrolled.incrementAndGet();
    }
  }

  @Override
  public void online() {
    enrolled();
    if (connected.compareAndSet(false, true)) {
      counters.connected.incrementAndGet();
      scheduleFrom(timeline.nanos(), 0);
      settle();
    }
  }

  @Override
  public void waiting(String why) {
    reason = why;
  }

  private void scheduleFrom(long online, long number) {
    long due = online + device.due(number).toNanos();
    timeline.at(due, () -> {
      DeviceLink current = link;
      if (sending && current != null) {
        send(current, due);
        scheduleFrom(online, number + 1);
      }
    });
  }

  private void send(DeviceLink current, long due) {
    counters.sent.increment();
    long lateNanos = timeline.nanos() - due;
    Instant measured = clock.instant().minusNanos(lateNanos);
    try {
      DeviceId id = current
          .device()
          .orElseThrow(() -> new IllegalStateException("connected without an identity"));
      DeviceLink.Receipt receipt = current.send(device.next(measured));
      receipt
          .acknowledged()
          .whenComplete((nothing, failure) -> complete(id, receipt, due, failure));
    } catch (RuntimeException e) {
      counters.messageFailures.count(describe(e));
    }
  }

  private void complete(
      DeviceId id, DeviceLink.Receipt receipt, long due, @Nullable Throwable failure) {
    if (failure == null) {
      ledger.remember(id, receipt.identity());
      counters.acknowledged(timeline.nanos() - due);
    } else if (counting) {
      counters.messageFailures.count(describe(failure));
    }
  }

  private static String describe(Throwable failure) {
    Throwable cause = failure instanceof CompletionException && failure.getCause() != null
        ? failure.getCause()
        : failure;
    String message = cause.getMessage();
    return message == null ? cause.getClass().getSimpleName() : message;
  }

  /** Sends nothing more. */
  void stopSending() {
    sending = false;
  }

  /** Blocks until the link is closed. */
  void close() {
    // What fails from here on fails because of the closing.
    counting = false;
    synchronized (this) {
      closed = true;
      DeviceLink current = link;
      if (current != null) {
        current.close();
      }
    }
  }

  /** Why the device never came online; empty if it did. */
  Optional<String> failure() {
    if (connected.get()) {
      return Optional.empty();
    }
    return Optional.of((enrolled.get() ? "not connected: " : "not enrolled: ") + reason);
  }
}
