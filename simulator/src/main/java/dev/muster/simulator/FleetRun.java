/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.simulator;

import dev.muster.simulator.Progress.Phase;
import dev.muster.simulator.client.DeviceLink;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One run of a plan: starts the devices one after another, lets them send until the time is over,
 * waits for the last acknowledgements, closes the devices, reports.
 *
 * <p>It has no thread of its own; everything is a task on the timeline. Phases change under this
 * object's lock.
 */
final class FleetRun {
  /** So many devices enroll and connect at once. */
  static final int STARTS_AT_ONCE = 16;
  /** A device that is not online by then gives its place in the start to another. */
  static final Duration START_LIMIT = Duration.ofSeconds(20);
  /** For the last acknowledgements after the last message. */
  static final Duration DRAIN_LIMIT = Duration.ofSeconds(5);
  /** The same when the run was stopped: somebody waits. */
  static final Duration STOPPED_DRAIN_LIMIT = Duration.ofSeconds(1);
  /** For closing all devices; together with the drain of a stopped run it stays below 5 s. */
  static final Duration CLOSE_LIMIT = Duration.ofSeconds(3);

  static final String UNACKNOWLEDGED = "not acknowledged by the end of the run";

  private static final Logger LOG = LoggerFactory.getLogger(FleetRun.class);
  private static final Duration PROGRESS_INTERVAL = Duration.ofMillis(200);
  private static final Duration DRAIN_INTERVAL = Duration.ofMillis(20);

  private final FleetPlan plan;
  private final DeviceLink.Factory links;
  private final Timeline timeline;
  private final ProgressListener listener;
  private final RunCounters counters = new RunCounters();
  private final StartGate gate = new StartGate(STARTS_AT_ONCE);
  private final List<DeviceRun> devices;
  private final CompletableFuture<RunReport> report = new CompletableFuture<>();
  private final long startNanos;
  private final Object listening = new Object();
  private boolean toldEnd;
  private Phase phase = Phase.RUNNING;
  private boolean stopped;
  private long sendingNanos;
  private long drainDeadline;

  FleetRun(
      FleetPlan plan,
      DeviceLink.Factory links,
      Timeline timeline,
      Clock clock,
      LossLedger ledger,
      ProgressListener listener) {
    this.plan = plan;
    this.links = links;
    this.timeline = timeline;
    this.listener = listener;
    startNanos = timeline.nanos();
    devices = IntStream.range(0, plan.devices())
        .mapToObj(index -> new DeviceRun(
            new VirtualDevice(plan, index), links, timeline, clock, counters, ledger, gate::leave))
        .toList();
  }

  /** Begins; the future completes when everything has ended, never exceptionally. */
  CompletableFuture<RunReport> start() {
    LOG.info(
        "Simulation started devices={} messagesPerSecond={} duration={} seed={}",
        plan.devices(),
        plan.messagesPerSecond(),
        plan.duration(),
        plan.seed());
    long spacingNanos = plan.rampUp().toNanos() / plan.devices();
    for (int i = 0; i < devices.size(); i++) {
      DeviceRun device = devices.get(i);
      timeline.at(startNanos + i * spacingNanos, () -> gate.enter(() -> open(device)));
    }
    timeline.at(startNanos + plan.duration().toNanos(), () -> endSending(false));
    reportProgress();
    return report;
  }

  /**
   * Ends the run early; it still closes its devices and reports. Any thread, any number of times.
   */
  void stop() {
    endSending(true);
  }

  private void open(DeviceRun device) {
    timeline.at(timeline.nanos() + START_LIMIT.toNanos(), device::settle);
    timeline.blocking(device::open);
  }

  private void endSending(boolean early) {
    synchronized (this) {
      long now = timeline.nanos();
      long deadline = now + (early ? STOPPED_DRAIN_LIMIT : DRAIN_LIMIT).toNanos();
      if (phase == Phase.DRAINING && early) {
        drainDeadline = Math.min(drainDeadline, deadline);
      }
      if (phase != Phase.RUNNING) {
        return;
      }
      phase = Phase.DRAINING;
      stopped = early;
      sendingNanos = now - startNanos;
      drainDeadline = deadline;
    }
    gate.close();
    devices.forEach(DeviceRun::stopSending);
    drain();
  }

  private void drain() {
    long now = timeline.nanos();
    boolean over;
    synchronized (this) {
      over = now >= drainDeadline;
    }
    if (over || counters.outstanding() == 0) {
      closeDevices();
    } else {
      timeline.at(now + DRAIN_INTERVAL.toNanos(), this::drain);
    }
  }

  private void closeDevices() {
    synchronized (this) {
      phase = Phase.CLOSING;
    }
    AtomicInteger open = new AtomicInteger(devices.size());
    timeline.at(timeline.nanos() + CLOSE_LIMIT.toNanos(), () -> finish(open.get()));
    for (DeviceRun device : devices) {
      closing(() -> {
        try {
          device.close();
        } finally {
          if (open.decrementAndGet() == 0) {
            finish(0);
          }
        }
      });
    }
  }

  private void closing(Runnable task) {
    if (links.closingBlocks()) {
      timeline.blocking(task);
    } else {
      timeline.at(timeline.nanos(), task);
    }
  }

  private void finish(int stillOpen) {
    synchronized (this) {
      if (phase == Phase.ENDED) {
        return;
      }
      phase = Phase.ENDED;
    }
    if (stillOpen > 0) {
      LOG.warn("Devices not closed in time count={} limit={}", stillOpen, CLOSE_LIMIT);
    }
    RunReport result = toReport();
    LOG.info(
        "Simulation ended enrolled={} connected={} sent={} acknowledged={} completed={}",
        result.enrolled(),
        result.connected(),
        result.sent(),
        result.acknowledged(),
        result.completed());
    tell(Phase.ENDED);
    report.complete(result);
  }

  private RunReport toReport() {
    FailureCounts deviceFailures = new FailureCounts();
    devices.forEach(device -> device.failure().ifPresent(deviceFailures::count));
    FailureCounts messageFailures = new FailureCounts();
    counters.messageFailures.toMap().forEach(messageFailures::count);
    long acknowledged = counters.acknowledged.sum();
    long sent = counters.sent.sum();
    long unknown = sent - acknowledged - messageFailures.total();
    if (unknown > 0) {
      messageFailures.count(UNACKNOWLEDGED, unknown);
    }
    boolean completed;
    long nanos;
    synchronized (this) {
      completed = !stopped;
      nanos = sendingNanos;
    }
    return new RunReport(
        completed,
        plan.seed(),
        Duration.ofNanos(nanos),
        plan.devices(),
        counters.enrolled.get(),
        counters.connected.get(),
        sent,
        acknowledged,
        deviceFailures.toMap(),
        messageFailures.toMap(),
        RunReport.Latency.of(counters.latencyMicros()));
  }

  private void reportProgress() {
    Phase current;
    synchronized (this) {
      current = phase;
    }
    if (current != Phase.ENDED) {
      tell(current);
      timeline.at(timeline.nanos() + PROGRESS_INTERVAL.toNanos(), this::reportProgress);
    }
  }

  private void tell(Phase current) {
    synchronized (listening) {
      if (toldEnd) {
        return;
      }
      toldEnd = current == Phase.ENDED;
      try {
        listener.onProgress(progress(current));
      } catch (RuntimeException e) {
        // A broken listener must not keep the run from ending.
        LOG.error("Progress listener failed", e);
      }
    }
  }

  private Progress progress(Phase current) {
    return new Progress(
        current,
        plan.devices(),
        counters.enrolled.get(),
        counters.connected.get(),
        counters.sent.sum(),
        counters.acknowledged.sum(),
        counters.messageFailures.total(),
        Duration.ofNanos(timeline.nanos() - startNanos),
        plan.duration());
  }
}
