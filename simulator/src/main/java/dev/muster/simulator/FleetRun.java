/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.simulator;

import dev.muster.simulator.client.DeviceLink;
import dev.muster.simulator.client.StartGate;
import dev.muster.simulator.scenario.Phase;
import dev.muster.simulator.server.ServerAccess;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
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
  /** So many devices enroll at once; so many of the SDK's connect at once. */
  static final int STARTS_AT_ONCE = 16;
  /** A device that is not online by then gives its place in the start to another. */
  static final Duration START_LIMIT = Duration.ofSeconds(20);
  /** For the last acknowledgements after the last message. */
  static final Duration DRAIN_LIMIT = Duration.ofSeconds(5);
  /** The same when the run was stopped: somebody waits. */
  static final Duration STOPPED_DRAIN_LIMIT = Duration.ofSeconds(1);
  /** For closing all devices; together with the drain of a stopped run it stays below 5 s. */
  static final Duration CLOSE_LIMIT = Duration.ofSeconds(3);

  /**
   * So long before a phase ends the server is looked at: what the next one does is not to be in it
   * already, and what this one does still is. Of a short phase it is half.
   */
  static final Duration LOOK_AHEAD = Duration.ofSeconds(10);

  static final String NOT_THEIRS = "a server was killed, and no device lost its connection";
  static final String UNACKNOWLEDGED = "not acknowledged by the end of the run";

  private static final Logger LOG = LoggerFactory.getLogger(FleetRun.class);
  private static final Duration PROGRESS_INTERVAL = Duration.ofMillis(200);
  private static final Duration SAMPLE_INTERVAL = Duration.ofSeconds(1);
  private static final Duration DRAIN_INTERVAL = Duration.ofMillis(20);

  private final FleetPlan plan;
  private final DeviceLink.Factory links;
  private final Timeline timeline;
  private final Clock clock;
  private final FleetOperator operator;
  private final ProgressListener listener;
  private final RunCounters counters = new RunCounters();
  private final ServerAccess server;
  private final ServerWatch watch;
  private final List<ServerState> states = new CopyOnWriteArrayList<>();
  private final AtomicInteger serverTasks = new AtomicInteger();
  private final Sampler sampler;
  private final StartGate gate = new StartGate(STARTS_AT_ONCE);
  private final List<DeviceRun> devices;
  private final CompletableFuture<RunReport> report = new CompletableFuture<>();
  private final long startNanos;
  private final Object listening = new Object();
  private boolean toldEnd;
  private Progress.Phase phase = Progress.Phase.RUNNING;
  private boolean stopped;
  private long sendingNanos;
  private int offlineAtEnd;
  private long drainDeadline;
  /** Of the phases: another one after one has ended early. */
  private Object schedule = new Object();
  /** The last phase, of those that were scheduled, in which the server was looked at. */
  private int lookedAt = -1;

  private CompletableFuture<Void> looked = CompletableFuture.completedFuture(null);

  FleetRun(
      FleetPlan plan,
      DeviceLink.Factory links,
      Timeline timeline,
      Clock clock,
      LossLedger ledger,
      FleetOperator operator,
      ServerAccess server,
      ProgressListener listener) {
    this.plan = plan;
    this.links = links;
    this.timeline = timeline;
    this.clock = clock;
    this.operator = operator;
    this.listener = listener;
    startNanos = timeline.nanos();
    this.server = server;
    watch = new ServerWatch(plan.broker());
    sampler = new Sampler(counters, watch);
    devices = IntStream.range(0, plan.devices())
        .mapToObj(index ->
            new DeviceRun(new VirtualDevice(plan, index), links, timeline, clock, counters, ledger))
        .toList();
  }

  /** Begins; the future completes when everything has ended, never exceptionally. */
  CompletableFuture<RunReport> start() {
    LOG.info(
        "Simulation started scenario={} devices={} messagesPerSecond={} duration={} seed={}",
        plan.scenario().name(),
        plan.devices(),
        plan.messagesPerSecond(),
        plan.duration(),
        plan.seed());
    List<Phase> phases = plan.scenario().phases();
    if (phases.get(0) instanceof Phase.Enroll enroll) {
      counters.begin(enroll, startNanos);
      counters.enrollingBegins();
      devices.forEach(device -> gate.enter(() -> begin(device, device::enroll)));
      awaitEnrolled(startNanos + enroll.length().toNanos(), phases.subList(1, phases.size()));
    } else {
      play(phases);
    }
    timeline.at(startNanos + SAMPLE_INTERVAL.toNanos(), () -> sample(1));
    reportProgress();
    return report;
  }

  private void awaitEnrolled(long deadline, List<Phase> next) {
    if (counters.enrolled.get() == devices.size() || timeline.nanos() >= deadline) {
      gate.forget();
      play(next);
    } else if (isRunning()) {
      timeline.at(timeline.nanos() + DRAIN_INTERVAL.toNanos(), () -> awaitEnrolled(deadline, next));
    }
  }

  private void sample(long number) {
    sampler.sample(Duration.ofNanos(timeline.nanos() - startNanos));
    if (!isDone()) {
      long next = startNanos + (number + 1) * SAMPLE_INTERVAL.toNanos();
      timeline.at(next, () -> sample(number + 1));
    }
  }

  private synchronized boolean isDone() {
    return phase == Progress.Phase.CLOSING || phase == Progress.Phase.ENDED;
  }

  private synchronized boolean isRunning() {
    return phase == Progress.Phase.RUNNING;
  }

  private void play(List<Phase> phases) {
    long begin = timeline.nanos();
    counters.sendingBegins(new RateCurve(begin, phases));
    Phases actions = new Phases(
        devices,
        timeline,
        server,
        new Orders(operator, timeline, counters.broken),
        counters,
        clock,
        plan.seed());
    ramp(phases.get(0), begin);
    schedule(actions, phases, 0, begin);
  }

  /** As long as no phase ends before its time, all beginnings are known. */
  private void schedule(Phases actions, List<Phase> phases, int first, long start) {
    Object own;
    synchronized (this) {
      own = schedule;
    }
    long begin = start;
    for (int i = first; i < phases.size(); i++) {
      Phase next = phases.get(i);
      int number = i;
      long end = begin + next.length().toNanos();
      if (i > 0) {
        atIfStill(own, begin, () -> {
          if (isRunning()) {
            PhaseStats stats = counters.begin(next, timeline.nanos());
            actions.enter(next, number, stats, () -> endEarly(own, end, actions, phases, number));
          }
        });
      }
      long lookAhead = Math.min(LOOK_AHEAD.toNanos(), next.length().toNanos() / 2);
      atIfStill(own, end - lookAhead, () -> look(number, end));
      begin = end;
    }
    atIfStill(own, begin, () -> {
      endSending(false);
      actions.end();
    });
  }

  private void atIfStill(Object own, long nanos, Runnable task) {
    timeline.at(nanos, () -> {
      if (isStill(own)) {
        task.run();
      }
    });
  }

  private synchronized boolean isStill(Object own) {
    return schedule == own;
  }

  /** The phases after it come so much earlier, once the server has been looked at. */
  private void endEarly(Object own, long end, Phases actions, List<Phase> phases, int number) {
    look(number, end).thenRun(() -> goOn(own, end, actions, phases, number));
  }

  private void goOn(Object own, long end, Phases actions, List<Phase> phases, int number) {
    long now;
    synchronized (this) {
      now = timeline.nanos();
      if (schedule != own || now >= end) {
        return;
      }
      schedule = new Object();
    }
    counters.sendingBegins(new RateCurve(now, phases.subList(number + 1, phases.size())));
    schedule(actions, phases, number + 1, now);
  }

  private void ramp(Phase ramp, long begin) {
    counters.begin(ramp, begin);
    long spacingNanos = ramp.length().toNanos() / plan.devices();
    for (int i = 0; i < devices.size(); i++) {
      DeviceRun device = devices.get(i);
      timeline.at(begin + i * spacingNanos, () -> arrive(device));
    }
  }

  /** A light device comes when it is to, however the others fare: arrivals are an open loop. */
  private void arrive(DeviceRun device) {
    device.arrives();
    if (links.blocks()) {
      gate.enter(() -> begin(device, device::start));
    } else {
      device.start(() -> {});
    }
  }

  /**
   * Ends the run early; it still closes its devices and reports. Any thread, any number of times.
   */
  void stop() {
    endSending(true);
  }

  /**
   * Beside the run, for a collection takes its time; once in each phase.
   *
   * @param scheduled number of the phase that goes on
   * @param end of that phase
   * @return completes when it is over; at once if there is nothing to be looked at
   */
  private synchronized CompletableFuture<Void> look(int scheduled, long end) {
    if (plan.scenario().expectations().ofTheServer() && isRunning() && scheduled > lookedAt) {
      int number = counters.phases().size() - 1;
      Duration at = Duration.ofNanos(timeline.nanos() - startNanos);
      long acknowledged = counters.acknowledged.sum();
      CompletableFuture<Void> done = new CompletableFuture<>();
      withServer(() -> {
        try {
          ServerState seen = state(number, at, acknowledged);
          // What was seen too late is of another phase.
          states.add(timeline.nanos() < end ? seen : seen.unseen());
        } finally {
          done.complete(null);
        }
      });
      lookedAt = scheduled;
      looked = done;
    }
    return looked;
  }

  /** The run does not end before it. */
  private void withServer(Runnable task) {
    serverTasks.incrementAndGet();
    timeline.blocking(() -> {
      try {
        task.run();
      } finally {
        serverTasks.decrementAndGet();
      }
    });
  }

  private ServerState state(int number, Duration at, long acknowledged) {
    ServerProcess process = watch.process();
    return new ServerState(
        number,
        at,
        acknowledged,
        process == null ? null : process.liveHeapBytes(),
        process == null ? null : process.threads(),
        process == null ? null : process.openFiles(),
        server.storeBytes());
  }

  private void begin(DeviceRun device, Consumer<Runnable> start) {
    timeline.at(timeline.nanos() + START_LIMIT.toNanos(), device::settle);
    timeline.blocking(() -> start.accept(gate::leave));
  }

  private void endSending(boolean early) {
    synchronized (this) {
      long now = timeline.nanos();
      long deadline = now + (early ? STOPPED_DRAIN_LIMIT : DRAIN_LIMIT).toNanos();
      if (phase == Progress.Phase.DRAINING && early) {
        drainDeadline = Math.min(drainDeadline, deadline);
      }
      if (phase != Progress.Phase.RUNNING) {
        return;
      }
      phase = Progress.Phase.DRAINING;
      stopped = early;
      sendingNanos = now - startNanos;
      offlineAtEnd = devices.size() - counters.online.get();
      counters.end(now);
      drainDeadline = deadline;
    }
    gate.forget();
    devices.forEach(DeviceRun::stopSending);
    if (!early) {
      judgeRevocations();
    }
    // Who waits for a server that is held up would wait in vain.
    withServer(server::close);
    drain();
  }

  private void judgeRevocations() {
    long stayed = devices.stream().filter(DeviceRun::outstaysRevocation).count();
    if (stayed > 0) {
      counters.broken.count("still connected at the end, though it was revoked", stayed);
    }
  }

  private void drain() {
    long now = timeline.nanos();
    boolean over;
    synchronized (this) {
      over = now >= drainDeadline;
    }
    if ((over || counters.outstanding() == 0) && serverTasks.get() == 0) {
      closeDevices();
    } else {
      timeline.at(now + DRAIN_INTERVAL.toNanos(), this::drain);
    }
  }

  private void closeDevices() {
    synchronized (this) {
      phase = Progress.Phase.CLOSING;
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
    if (links.blocks()) {
      timeline.blocking(task);
    } else {
      timeline.at(timeline.nanos(), task);
    }
  }

  private void finish(int stillOpen) {
    synchronized (this) {
      if (phase == Progress.Phase.ENDED) {
        return;
      }
      phase = Progress.Phase.ENDED;
    }
    if (stillOpen > 0) {
      LOG.warn("Devices not closed in time count={} limit={}", stillOpen, CLOSE_LIMIT);
    }
    // Links fail what they still had when they are closed, but some do that a moment later.
    devices.forEach(DeviceRun::giveUp);
    RunReport result = toReport();
    LOG.info(
        "Simulation ended enrolled={} connected={} sent={} acknowledged={} completed={}",
        result.enrolled(),
        result.connected(),
        result.sent(),
        result.acknowledged(),
        result.completed());
    tell(Progress.Phase.ENDED);
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
    int offline;
    long nanos;
    synchronized (this) {
      completed = !stopped;
      offline = offlineAtEnd;
      nanos = sendingNanos;
    }
    List<RunReport.PhaseReport> phases =
        counters.phases().stream().map(stats -> stats.toReport(startNanos)).toList();
    if (completed) {
      Verdict.vain(phases).forEach(counters.broken::count);
    }
    if (server.kills() > 0 && counters.connectionFailures.total() == 0) {
      counters.broken.count(NOT_THEIRS);
    }
    return new RunReport(
        completed,
        plan.seed(),
        Duration.ofNanos(nanos),
        plan.devices(),
        counters.enrolled.get(),
        counters.connected.get(),
        offline,
        sent,
        acknowledged,
        deviceFailures.toMap(),
        messageFailures.toMap(),
        counters.connectionFailures.toMap(),
        counters.broken.toMap(),
        counters.answers.sum(),
        phases,
        sampler.samples(),
        new RunReport.ServerReport(server.kills(), server.problems(), states),
        counters.longestGap(),
        RunReport.Latency.of(counters.latencyMicros()));
  }

  private void reportProgress() {
    Progress.Phase current;
    synchronized (this) {
      current = phase;
    }
    if (current != Progress.Phase.ENDED) {
      tell(current);
      timeline.at(timeline.nanos() + PROGRESS_INTERVAL.toNanos(), this::reportProgress);
    }
  }

  private void tell(Progress.Phase current) {
    synchronized (listening) {
      if (toldEnd) {
        return;
      }
      toldEnd = current == Progress.Phase.ENDED;
      try {
        listener.onProgress(progress(current));
      } catch (RuntimeException e) {
        // A broken listener must not keep the run from ending.
        LOG.error("Progress listener failed", e);
      }
    }
  }

  private Progress progress(Progress.Phase current) {
    return new Progress(
        current,
        plan.devices(),
        counters.enrolled.get(),
        counters.connected.get(),
        counters.sent.sum(),
        counters.acknowledged.sum(),
        counters.messageFailures.total(),
        counters.online.get(),
        counters.phases().size(),
        counters.phase().name(),
        sampler.last(),
        Duration.ofNanos(timeline.nanos() - startNanos),
        plan.duration());
  }
}
