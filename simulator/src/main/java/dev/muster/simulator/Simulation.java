/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.simulator;

import static java.util.Objects.requireNonNull;

import dev.muster.simulator.client.DeviceLink;
import dev.muster.simulator.client.IdentitySource;
import dev.muster.simulator.client.LightLinks;
import dev.muster.simulator.client.SdkLinks;
import dev.muster.simulator.server.ServerAccess;
import java.time.Clock;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * Runs fleets of virtual devices, one run after another, and remembers what was acknowledged to
 * them.
 *
 * <p>Thread-safe. Every device is a real one: it has a key of its own, enrolls, connects and
 * publishes, all in this process.
 */
public final class Simulation implements AutoCloseable {
  private static final long CLOSE_LIMIT_SECONDS = 5;

  private final Clock clock;
  private final FleetOperator operator;
  private final LossLedger ledger = new LossLedger();
  private @Nullable FleetRun current;
  private @Nullable CompletableFuture<RunReport> currentReport;
  private boolean closed;

  /** Without operators. @param clock what the devices take for the time of day */
  public Simulation(Clock clock) {
    this(clock, FleetOperator.NONE);
  }

  /** @param clock what the devices take for the time of day */
  public Simulation(Clock clock, FleetOperator operator) {
    this.clock = requireNonNull(clock, "clock");
    this.operator = requireNonNull(operator, "operator");
  }

  /**
   * Runs a plan; blocks until everything has ended: the plan's duration, plus at most 5 s for the
   * last acknowledgements, plus at most 3 s for closing the devices.
   *
   * <p>If the thread is interrupted, or {@link #close} is called, it ends within 5 s, with a report
   * of what was done until then ({@link RunReport#completed} is false), and the interrupt is kept.
   *
   * @throws IllegalStateException if another run is going on, or this simulation is closed
   */
  public RunReport run(FleetPlan plan, IdentitySource identities, ProgressListener listener) {
    return run(plan, identities, ServerAccess.none(), listener);
  }

  /** The same with a server to which the scenario does something. Ends what was done to it. */
  public RunReport run(
      FleetPlan plan, IdentitySource identities, ServerAccess server, ProgressListener listener) {
    requireNonNull(plan, "plan");
    requireNonNull(identities, "identities");
    try (DeviceLink.Factory links = links(plan, identities)) {
      return run(plan, links, server, listener);
    }
  }

  private DeviceLink.Factory links(FleetPlan plan, IdentitySource identities) {
    return switch (plan.client()) {
      case SDK -> new SdkLinks(plan.endpoints(), identities, clock, plan.hasFaultyNetwork());
      case LIGHT -> new LightLinks(plan.endpoints(), identities, clock);
    };
  }

  RunReport run(
      FleetPlan plan, DeviceLink.Factory links, ServerAccess server, ProgressListener listener) {
    requireNonNull(listener, "listener");
    try (RealTimeline timeline = new RealTimeline()) {
      FleetRun run = new FleetRun(plan, links, timeline, clock, ledger, operator, server, listener);
      CompletableFuture<RunReport> report = begin(run);
      try {
        return await(run, report);
      } finally {
        end();
      }
    }
  }

  private synchronized CompletableFuture<RunReport> begin(FleetRun run) {
    if (closed || current != null) {
      throw new IllegalStateException(closed ? "the simulation is closed" : "a run is going on");
    }
    CompletableFuture<RunReport> report = run.start();
    current = run;
    currentReport = report;
    return report;
  }

  private synchronized void end() {
    current = null;
    currentReport = null;
  }

  private static RunReport await(FleetRun run, CompletableFuture<RunReport> report) {
    boolean interrupted = false;
    try {
      while (true) {
        try {
          return report.get();
        } catch (InterruptedException e) {
          interrupted = true;
          run.stop();
        } catch (ExecutionException e) {
          throw new IllegalStateException("a run never fails", e);
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /** What was acknowledged in all runs so far. */
  public LossLedger ledger() {
    return ledger;
  }

  /**
   * Stops the run that is going on, if any, and waits until it has ended, at most 5 s. Any thread
   * but that of a {@link ProgressListener}.
   */
  @Override
  public void close() {
    CompletableFuture<RunReport> report;
    synchronized (this) {
      closed = true;
      report = currentReport;
      if (current != null) {
        current.stop();
      }
    }
    if (report == null) {
      return;
    }
    try {
      report.get(CLOSE_LIMIT_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (TimeoutException e) {
      // The run reports by itself which devices did not close; nothing more to wait for.
    } catch (ExecutionException e) {
      throw new IllegalStateException("a run never fails", e);
    }
  }
}
