/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.simulator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import dev.muster.protocol.identity.DeviceId;
import dev.muster.protocol.telemetry.MessageIdentity;
import dev.muster.simulator.client.DeviceLink;
import dev.muster.simulator.payload.ContentChecksum;
import dev.muster.simulator.payload.Reading;
import dev.muster.simulator.server.ServerAccess;
import java.time.Clock;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * With the machine's time and threads; the devices are connected at once and never lose anything.
 */
@Timeout(30)
final class SimulationTest {
  private static final FleetPlan LONG_PLAN =
      Plans.plan(20, 20, Duration.ofMinutes(10), Duration.ZERO, 1);

  private final Simulation simulation = new Simulation(Clock.systemUTC());
  private final CountDownLatch someAcknowledged = new CountDownLatch(100);
  private final AtomicBoolean closeHangs = new AtomicBoolean();

  @Test
  void run_shortPlan_completes() {
    RunReport report = simulation.run(
        Plans.plan(20, 20, Duration.ofMillis(700), Duration.ofMillis(100), 1),
        this::open,
        ServerAccess.none(),
        ProgressListener.NONE);
    assertThat(report.completed()).isTrue();
    assertThat(report.connected()).isEqualTo(20);
    assertThat(report.acknowledged()).isPositive().isEqualTo(report.sent());
    assertThat(simulation.ledger().size()).isEqualTo(report.acknowledged());
  }

  @Test
  void run_interrupted_endsWithinFiveSecondsThoughNothingCloses() throws Exception {
    closeHangs.set(true);
    CompletableFuture<RunReport> report = new CompletableFuture<>();
    AtomicBoolean interruptKept = new AtomicBoolean();
    Thread runner = new Thread(() -> {
      report.complete(
          simulation.run(LONG_PLAN, this::open, ServerAccess.none(), ProgressListener.NONE));
      interruptKept.set(Thread.currentThread().isInterrupted());
    });
    runner.start();
    someAcknowledged.await();
    runner.interrupt();

    RunReport early = report.get(5, TimeUnit.SECONDS);
    runner.join();
    assertThat(early.completed()).isFalse();
    assertThat(early.acknowledged()).isPositive();
    assertThat(interruptKept).isTrue();
  }

  @Test
  void close_whileRunning_endsTheRun() throws Exception {
    CompletableFuture<RunReport> report = CompletableFuture.supplyAsync(
        () -> simulation.run(LONG_PLAN, this::open, ServerAccess.none(), ProgressListener.NONE));
    someAcknowledged.await();
    simulation.close();
    assertThat(report.get(1, TimeUnit.SECONDS).completed()).isFalse();
    assertThatIllegalStateException()
        .isThrownBy(() ->
            simulation.run(LONG_PLAN, this::open, ServerAccess.none(), ProgressListener.NONE));
  }

  @Test
  void run_whileAnotherRuns_isRefused() throws Exception {
    CompletableFuture<RunReport> first = CompletableFuture.supplyAsync(
        () -> simulation.run(LONG_PLAN, this::open, ServerAccess.none(), ProgressListener.NONE));
    someAcknowledged.await();
    assertThatIllegalStateException()
        .isThrownBy(() ->
            simulation.run(LONG_PLAN, this::open, ServerAccess.none(), ProgressListener.NONE));
    assertThat(first).isNotDone();
    simulation.close();
    assertThat(first.get(1, TimeUnit.SECONDS).acknowledged()).isPositive();
  }

  private DeviceLink open(String serial, DeviceLink.Listener listener) {
    AtomicLong sequence = new AtomicLong();
    return new DeviceLink() {
      @Override
      public void start() {
        listener.online();
      }

      @Override
      public Optional<DeviceId> device() {
        return Optional.of(new DeviceId(serial));
      }

      @Override
      public Receipt send(Reading reading) {
        someAcknowledged.countDown();
        return new Receipt(
            new MessageIdentity("boot", sequence.incrementAndGet()),
            ContentChecksum.UNKNOWN,
            CompletableFuture.completedFuture(null));
      }

      @Override
      public void cutPower() {
        // Nobody does.
      }

      @Override
      public void close() {
        if (closeHangs.get()) {
          new CompletableFuture<Void>().join();
        }
      }
    };
  }
}
