/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.simulator;

import dev.muster.protocol.identity.DeviceId;
import dev.muster.protocol.telemetry.MessageIdentity;
import dev.muster.simulator.client.ControlledLink;
import dev.muster.simulator.client.DeviceLink;
import dev.muster.simulator.client.NetworkConditions;
import dev.muster.simulator.client.NetworkedLink;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
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
  /** After one that was not taken. */
  private static final Duration PAUSE_OF_A_FLOOD = Duration.ofMillis(1);

  /** A message that was due in a phase. Each is another, however equal. */
  private static final class Sent {
    final long due;
    final PhaseStats phase;
    /** Whether the phase had touched the device by then. */
    final boolean touched;

    Sent(long due, PhaseStats phase, boolean touched) {
      this.due = due;
      this.phase = phase;
      this.touched = touched;
    }
  }

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
  /** What is neither acknowledged nor given up. */
  private final Set<Sent> underWay = ConcurrentHashMap.newKeySet();
  /** To which the message belongs that was acknowledged last. */
  private volatile @Nullable PhaseStats answeredIn;

  /** What it was told, or what was done to it, and has not come true, the oldest first. */
  private final List<Awaited> awaited = new ArrayList<>(0);

  private volatile boolean revoked;
  /** How far its clock is ahead. */
  private volatile Duration clockAhead = Duration.ZERO;

  private boolean closed;
  // Written by the link's callbacks, which never come two at once.
  private volatile boolean online;
  private volatile long offlineSince;
  /** When it was to come; 0 before that. */
  private volatile long arrived;

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

  /** It is to be online from now on, however long it has to wait for its start. */
  void arrives() {
    arrived = timeline.nanos();
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

  /** What shall come of what was done to a device. */
  private enum Outcome {
    /** It does as it was told, and says so. */
    ANSWER,
    /** It is as it should be, and says so. */
    ADAPTATION,
    /** It is revoked: the broker throws it out. */
    EXPULSION,
    /** It has another certificate. */
    RENEWAL,
    /** It asked for one in vain; it will when it is told again. */
    ANOTHER_RENEWAL,
    /** It was cut off, and comes back. */
    RETURN,
    /** It shows another's certificate, and is turned away, or let in. */
    JUDGEMENT,
    /** There is another with its key. */
    DUPLICATE
  }

  private record Awaited(PhaseStats phase, long since, Outcome outcome) {}

  /** The device is being told something, and will answer. @return who that is; empty if unknown */
  Optional<DeviceId> awaitAnswer(PhaseStats phase) {
    return awaitOrdered(phase, Outcome.ANSWER);
  }

  /** The device is being told to be otherwise. @return as above */
  Optional<DeviceId> awaitAdaptation(PhaseStats phase) {
    return awaitOrdered(phase, Outcome.ADAPTATION);
  }

  /** The device's certificates are being revoked. @return who that is; empty if unknown */
  Optional<DeviceId> awaitExpulsion(PhaseStats phase) {
    return awaitOrdered(phase, Outcome.EXPULSION);
  }

  private Optional<DeviceId> awaitOrdered(PhaseStats phase, Outcome outcome) {
    DeviceLink current = link;
    Optional<DeviceId> id = current == null ? Optional.empty() : current.device();
    if (id.isPresent()) {
      touchedIn = phase;
      phase.tried();
      await(new Awaited(phase, timeline.nanos(), outcome));
    }
    return id;
  }

  /** Who is to be thrown out has nothing else to do. */
  private void await(Awaited next) {
    synchronized (awaited) {
      if (next.outcome() == Outcome.EXPULSION) {
        awaited.clear();
      }
      if (!isAwaited(Outcome.EXPULSION)) {
        awaited.add(next);
      }
    }
  }

  private boolean isAwaited(Outcome outcome) {
    synchronized (awaited) {
      return awaited.stream().anyMatch(one -> one.outcome() == outcome);
    }
  }

  /** An answer does not say to what: it is taken for one to what was asked first. */
  private @Nullable Awaited cameTrue(Outcome outcome) {
    synchronized (awaited) {
      for (Iterator<Awaited> all = awaited.iterator(); all.hasNext(); ) {
        Awaited next = all.next();
        if (next.outcome() == outcome) {
          all.remove();
          return next;
        }
      }
      return null;
    }
  }

  private void forget(Outcome outcome) {
    synchronized (awaited) {
      awaited.removeIf(one -> one.outcome() == outcome);
    }
  }

  private void done(@Nullable Awaited what) {
    if (what != null) {
      what.phase().done(timeline.nanos() - what.since());
    }
  }

  /** Its clock is so far ahead from now on. */
  void jump(PhaseStats phase, Duration ahead) {
    touch(phase);
    clockAhead = ahead;
  }

  /** Its clock is right again. */
  void setClock() {
    clockAhead = Duration.ZERO;
  }

  @Override
  public void answered() {
    counters.answers.increment();
    done(cameTrue(Outcome.ANSWER));
  }

  @Override
  public void adapted(long changes) {
    counters.answers.increment();
    for (long i = 0; i < changes && isAwaited(Outcome.ADAPTATION); i++) {
      done(cameTrue(Outcome.ADAPTATION));
    }
  }

  /** Nothing else ends a revoked device's connection in a way that counts. */
  @Override
  public void expelled() {
    Awaited order = cameTrue(Outcome.EXPULSION);
    if (order == null) {
      return;
    }
    revoked = true;
    if (online) {
      done(order);
    } else {
      // It had lost its connection otherwise: how long the order took is not to be seen.
      order.phase().done();
    }
  }

  @Override
  public void renewed() {
    forget(Outcome.ANOTHER_RENEWAL);
    done(cameTrue(Outcome.RENEWAL));
  }

  @Override
  public void delivered(MessageIdentity message) {
    DeviceLink current = link;
    if (current != null) {
      current.device().ifPresent(id -> ledger.remember(id, message));
    }
  }

  @Override
  public void turnedAway() {
    done(cameTrue(Outcome.JUDGEMENT));
  }

  @Override
  public void intruded() {
    counters.broken.count("let in with the certificate of its factory");
    done(cameTrue(Outcome.JUDGEMENT));
  }

  @Override
  public void duplicated() {
    done(cameTrue(Outcome.DUPLICATE));
  }

  @Override
  public void brokeDown(String why) {
    if (counting) {
      counters.broken.count(why);
    }
  }

  @Override
  public void disguiseFailed(String why) {
    counters.connectionFailures.count("without a certificate of its factory: " + why);
  }

  /**
   * Does something to the device that it would not do by itself. @param phase to which it belongs
   */
  void touch(PhaseStats phase, Consumer<ControlledLink> action) {
    if (link instanceof ControlledLink controlled) {
      touch(phase);
      action.accept(controlled);
    }
  }

  /** Does something to its network. */
  void touchNetwork(PhaseStats phase, Consumer<NetworkedLink> action) {
    if (link instanceof NetworkedLink networked) {
      touch(phase);
      action.accept(networked);
    }
  }

  private void touch(PhaseStats phase) {
    touchedIn = phase;
    if (online) {
      phase.tried();
    }
  }

  /** From now on it shows the broker the certificate of its factory. */
  void disguise(PhaseStats phase) {
    mislead(phase, Outcome.JUDGEMENT, controlled -> controlled.disguise(true));
  }

  /** Its own again. */
  void beItself() {
    restore(Outcome.JUDGEMENT, controlled -> controlled.disguise(false));
  }

  /** From now on there is a second one with its key. */
  void duplicate(PhaseStats phase) {
    mislead(phase, Outcome.DUPLICATE, controlled -> controlled.duplicate(true));
  }

  /** There is none any more. */
  void beAlone() {
    restore(Outcome.DUPLICATE, controlled -> controlled.duplicate(false));
  }

  private void mislead(PhaseStats phase, Outcome outcome, Consumer<ControlledLink> action) {
    touch(phase, controlled -> {
      await(new Awaited(phase, timeline.nanos(), outcome));
      action.accept(controlled);
    });
  }

  /** What has not come of it by now does not come any more. */
  private void restore(Outcome outcome, Consumer<ControlledLink> action) {
    forget(outcome);
    if (link instanceof ControlledLink controlled) {
      action.accept(controlled);
    }
  }

  /** @param longest that it waits between two attempts to connect; null: as devices do */
  void hurry(@Nullable Duration longest) {
    if (link instanceof ControlledLink controlled) {
      controlled.hurry(longest);
    }
  }

  /** Its network is as good as any again. */
  void restoreNetwork() {
    if (link instanceof NetworkedLink networked) {
      networked.network(NetworkConditions.GOOD);
    }
  }

  /** Cuts the device off; who is offline already cannot be. */
  void cut(PhaseStats phase) {
    awaitIfOnline(phase, Outcome.RETURN);
    touchNetwork(phase, NetworkedLink::cut);
  }

  void renew(PhaseStats phase) {
    awaitIfOnline(phase, Outcome.RENEWAL);
    touch(phase, ControlledLink::renew);
  }

  /** Takes its power away for a moment. */
  void cutPower(PhaseStats phase) {
    DeviceLink current = link;
    if (current != null) {
      awaitIfOnline(phase, Outcome.RETURN);
      touch(phase);
      current.cutPower();
    }
  }

  private void awaitIfOnline(PhaseStats phase, Outcome outcome) {
    if (online) {
      await(new Awaited(phase, timeline.nanos(), outcome));
    }
  }

  boolean isRevoked() {
    return revoked;
  }

  /**
   * Whether there is nothing that it was told and has not done, and a message that was due in the
   * phase was acknowledged.
   */
  boolean hasRecovered(PhaseStats phase) {
    return revoked || answeredIn == phase && isIdle();
  }

  private boolean isIdle() {
    synchronized (awaited) {
      return awaited.isEmpty();
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
      long gap = timeline.nanos() - offlineSince;
      counters.phase().back(gap);
      counters.gap(gap);
      // However often it was cut off meanwhile.
      while (isAwaited(Outcome.RETURN)) {
        done(cameTrue(Outcome.RETURN));
      }
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
    Awaited failed = cameTrue(Outcome.RENEWAL);
    if (failed != null) {
      await(new Awaited(failed.phase(), failed.since(), Outcome.ANOTHER_RENEWAL));
    }
    counters.connectionFailures.count("not renewed: " + why);
  }

  /** Sends as fast as it is answered, besides what is due. @param end in nanoseconds */
  void flood(PhaseStats phase, long end) {
    touch(phase);
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
        now,
        () -> send(current, now)
            .ifPresentOrElse(
                answer -> answer.whenComplete((nothing, refusal) -> floodOn(end, refusal == null)),
                () -> floodOn(end, false)));
  }

  /**
   * Who is refused is no less a rogue; but who has no place left would ask for one all the time.
   */
  private void floodOn(long end, boolean taken) {
    if (taken) {
      flood(end);
    } else {
      timeline.at(timeline.nanos() + PAUSE_OF_A_FLOOD.toNanos(), () -> flood(end));
    }
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
    // A later phase may touch it before this message is answered.
    Sent sent = new Sent(due, phase, touchedIn == phase);
    counters.sent.increment();
    phase.sent();
    long lateNanos = timeline.nanos() - due;
    Duration ahead = clockAhead;
    Instant measured = clock.instant().minusNanos(lateNanos).plus(ahead);
    try {
      DeviceId id = current
          .device()
          .orElseThrow(() -> new IllegalStateException("connected without an identity"));
      DeviceLink.Receipt receipt = sendInTurn(current, measured);
      ledger.sent(id, receipt.identity(), receipt.checksum());
      underWay.add(sent);
      if (!ahead.isZero()) {
        ledger.dated(id, receipt.identity(), ahead);
      }
      receipt
          .acknowledged()
          .whenComplete((nothing, failure) -> complete(id, receipt, sent, failure));
      return Optional.of(receipt.acknowledged());
    } catch (RuntimeException e) {
      phase.unanswered(sent.touched);
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
      DeviceId id, DeviceLink.Receipt receipt, Sent sent, @Nullable Throwable failure) {
    if (failure == null && !ledger.remember(id, receipt.identity())) {
      counters.broken.count("numbered as another message, which was acknowledged");
    }
    if (!underWay.remove(sent)) {
      // The report is made.
      return;
    }
    if (failure == null) {
      long latency = timeline.nanos() - sent.due;
      counters.acknowledged(latency);
      sent.phase.acknowledged(latency, isTouched(sent));
      answeredIn = sent.phase;
      waited(sent);
    } else if (counting) {
      sent.phase.unanswered(isTouched(sent));
      counters.messageFailures.count(describe(failure));
    } else {
      giveUp(sent);
    }
  }

  private boolean isTouched(Sent sent) {
    return sent.touched || touchedIn == sent.phase;
  }

  /** What a phase does to a device may show in a later one. Who was revoked waits for nothing. */
  private void waited(Sent sent) {
    if (touchedIn != null && !revoked) {
      counters.gap(timeline.nanos() - sent.due);
    }
  }

  /** What is under way will not be acknowledged: the run is over. */
  void giveUp() {
    for (Sent sent : underWay) {
      if (underWay.remove(sent)) {
        giveUp(sent);
      }
    }
  }

  private void giveUp(Sent sent) {
    sent.phase.unanswered(isTouched(sent));
    waited(sent);
  }

  private static String describe(Throwable failure) {
    Throwable cause = failure instanceof CompletionException && failure.getCause() != null
        ? failure.getCause()
        : failure;
    String message = cause.getMessage();
    return message == null ? cause.getClass().getSimpleName() : message;
  }

  /** Sends nothing more: the run is over, and so is whatever the device still waits for. */
  void stopSending() {
    sending = false;
    long since = connected.get() ? offlineSince : arrived;
    if (!online && !revoked && since != 0) {
      counters.gap(timeline.nanos() - since);
    }
  }

  /** Whether it was revoked, and nobody has thrown it out yet. */
  boolean outstaysRevocation() {
    return online && isAwaited(Outcome.EXPULSION);
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

  /** Why the device never came online; empty if it did, or may not. */
  Optional<String> failure() {
    if (connected.get() || revoked) {
      return Optional.empty();
    }
    return Optional.of((enrolled.get() ? "not connected: " : "not enrolled: ") + reason);
  }
}
