/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.simulator;

import dev.muster.protocol.identity.DeviceId;
import dev.muster.simulator.client.ControlledLink;
import dev.muster.simulator.client.DeviceLink;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One virtual device in a run: opens its link, sends when a message is due, and counts what comes
 * of it.
 *
 * <p>Opening and closing exclude each other; sending what is due is a chain of tasks, one at a
 * time; the link's callbacks take no lock, because a link may wait for them while it is being
 * closed.
 */
final class DeviceRun implements DeviceLink.Listener {
  private static final Logger LOG = LoggerFactory.getLogger(DeviceRun.class);
  private static final Runnable NOBODY = () -> {};
  /** So many are on their way at once. */
  private static final int MESSAGES_OF_A_FLOOD = 20;

  private final VirtualDevice device;
  private final DeviceLink.Factory links;
  private final Timeline timeline;
  private final Clock clock;
  private final RunCounters counters;
  private final LossLedger ledger;
  private final long runBegin;

  private final AtomicReference<Runnable> whenSettled = new AtomicReference<>(NOBODY);
  private final AtomicBoolean enrolled = new AtomicBoolean();
  private final AtomicBoolean connected = new AtomicBoolean();
  private volatile boolean sending = true;
  private volatile boolean counting = true;
  private volatile String reason = "not started";
  private volatile @Nullable DeviceLink link;
  private volatile @Nullable PhaseStats touchedIn;
  private final AtomicReference<@Nullable Awaited> awaited = new AtomicReference<>();
  private volatile boolean revoked;
  /** How far its clock is ahead. */
  private volatile Duration clockAhead = Duration.ZERO;

  private boolean closed;
  // Of the link's callbacks, which never come two at once.
  private boolean online;
  private long offlineSince;

  DeviceRun(
      VirtualDevice device,
      DeviceLink.Factory links,
      Timeline timeline,
      Clock clock,
      RunCounters counters,
      LossLedger ledger) {
    this.device = device;
    this.links = links;
    this.timeline = timeline;
    this.clock = clock;
    this.counters = counters;
    this.ledger = ledger;
    this.runBegin = timeline.nanos();
  }

  /**
   * Lets the device enroll and connect; blocks on the disk if its links do.
   *
   * @param settled called once, when the device came online, or cannot, or took too long
   */
  void start(Runnable settled) {
    begin(settled, DeviceLink::start);
  }

  /** Lets the device enroll and no more, if its link can tell the two apart. */
  void enroll(Runnable settled) {
    begin(settled, opened -> {
      if (opened instanceof ControlledLink controlled) {
        controlled.enroll();
      } else {
        settle();
      }
    });
  }

  private synchronized void begin(Runnable settled, Consumer<DeviceLink> start) {
    whenSettled.set(settled);
    if (closed || !sending) {
      settle();
      return;
    }
    reason = "no answer yet";
    try {
      DeviceLink opened = link;
      if (opened == null) {
        opened = links.open(device.serial(), this);
        link = opened;
      }
      start.accept(opened);
    } catch (RuntimeException e) {
      // The world of one device is broken; the others go on, and the report tells.
      reason = e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
      LOG.warn("Virtual device not started serial={} reason={}", device.serial(), reason);
      settle();
    }
  }

  /** Nobody needs to wait for this device's start any longer. */
  void settle() {
    whenSettled.getAndSet(NOBODY).run();
  }

  /** What shall come of an order. @param cut its connection is cut; otherwise it answers */
  private record Awaited(PhaseStats phase, long since, boolean cut) {}

  /** The device is being told something, and will answer. @return who that is; empty if unknown */
  Optional<DeviceId> awaitAnswer(PhaseStats phase) {
    return await(phase, false);
  }

  /** The device's certificates are being revoked. @return who that is; empty if unknown */
  Optional<DeviceId> awaitCut(PhaseStats phase) {
    return await(phase, true);
  }

  private Optional<DeviceId> await(PhaseStats phase, boolean cut) {
    DeviceLink current = link;
    Optional<DeviceId> id = current == null ? Optional.empty() : current.device();
    if (id.isPresent()) {
      touchedIn = phase;
      awaited.set(new Awaited(phase, timeline.nanos(), cut));
    }
    return id;
  }

  private boolean cameTrue(boolean cut) {
    Awaited now = awaited.get();
    if (now == null || now.cut() != cut || !awaited.compareAndSet(now, null)) {
      return false;
    }
    now.phase().done(timeline.nanos() - now.since());
    return true;
  }

  /** From now on its clock is so far ahead. */
  void setClockAhead(PhaseStats phase, Duration ahead) {
    touchedIn = phase;
    clockAhead = ahead;
  }

  @Override
  public void answered() {
    counters.answers.increment();
    cameTrue(false);
  }

  @Override
  public void intruded() {
    counters.broken.count("let in with the certificate of its factory");
  }

  /**
   * Does something to the device that it would not do by itself. @param phase to which it belongs
   */
  void touch(PhaseStats phase, Consumer<ControlledLink> action) {
    if (link instanceof ControlledLink controlled) {
      touchedIn = phase;
      action.accept(controlled);
    }
  }

  @Override
  public void enrolled() {
    if (enrolled.compareAndSet(false, true)) {
      counters.enrolled.incrementAndGet();
    }
    if (counters.enrollingOnly()) {
      settle();
    }
  }

  @Override
  public void online() {
    enrolled();
    if (!online) {
      online = true;
      counters.online.incrementAndGet();
    }
    counters.connects.increment();
    if (revoked) {
      counters.broken.count("let in after it was revoked");
    }
    note("online");
    if (connected.compareAndSet(false, true)) {
      counters.connected.incrementAndGet();
      scheduleAfter(timeline.nanos(), device.phaseNanos());
      settle();
    } else if (offlineSince != 0) {
      counters.phase().back(timeline.nanos() - offlineSince);
    }
    offlineSince = 0;
  }

  @Override
  public void waiting(String why) {
    reason = why;
    if (online) {
      online = false;
      note("offline: " + why);
      counters.online.decrementAndGet();
      offlineSince = timeline.nanos();
      if (cameTrue(true)) {
        revoked = true;
      }
    }
    if (counting) {
      counters.connectionFailures.count(why);
    }
  }

  private void note(String what) {
    DeviceLink current = link;
    if (current != null) {
      Duration at = Duration.ofNanos(timeline.nanos() - runBegin);
      current.device().ifPresent(id -> ledger.note(id, at, what));
    }
  }

  @Override
  public void renewalFailed(String why) {
    counters.connectionFailures.count("not renewed: " + why);
  }

  /** Sends as fast as it is answered, besides what is due. @param end in nanoseconds */
  void flood(PhaseStats phase, long end) {
    touchedIn = phase;
    for (int i = 0; i < MESSAGES_OF_A_FLOOD; i++) {
      flood(end);
    }
  }

  private void flood(long end) {
    DeviceLink current = link;
    long now = timeline.nanos();
    if (!sending || current == null || !connected.get() || now >= end) {
      return;
    }
    // Not at once: an answer that is there already would call this from within itself.
    timeline.at(
        now, () -> send(current, now).ifPresent(answer -> answer.thenRun(() -> flood(end))));
  }

  private void scheduleAfter(long nanos, double pause) {
    long due = counters.curve().after(nanos, pause);
    timeline.at(due, () -> {
      DeviceLink current = link;
      if (sending && current != null) {
        send(current, due);
        scheduleAfter(due, device.periodNanos());
      }
    });
  }

  /** @return completes at the acknowledgement; empty if it could not be sent */
  private Optional<CompletableFuture<Void>> send(DeviceLink current, long due) {
    PhaseStats phase = counters.phase();
    counters.sent.increment();
    phase.sent();
    long lateNanos = timeline.nanos() - due;
    Instant measured = clock.instant().minusNanos(lateNanos).plus(clockAhead);
    try {
      DeviceId id = current
          .device()
          .orElseThrow(() -> new IllegalStateException("connected without an identity"));
      DeviceLink.Receipt receipt = sendInTurn(current, measured);
      receipt
          .acknowledged()
          .whenComplete((nothing, failure) -> complete(id, receipt, due, phase, failure));
      return Optional.of(receipt.acknowledged());
    } catch (RuntimeException e) {
      counters.messageFailures.count(describe(e));
      return Optional.empty();
    }
  }

  /** A flood's messages come beside those that are due, and a sensor measures one at a time. */
  private DeviceLink.Receipt sendInTurn(DeviceLink current, Instant measured) {
    synchronized (device) {
      return current.send(device.next(measured));
    }
  }

  private void complete(
      DeviceId id,
      DeviceLink.Receipt receipt,
      long due,
      PhaseStats phase,
      @Nullable Throwable failure) {
    if (failure == null) {
      long latency = timeline.nanos() - due;
      ledger.remember(id, receipt.identity());
      counters.acknowledged(latency);
      phase.acknowledged(latency, touchedIn == phase);
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
