/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.telemetry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.muster.broker.state.StateStore;
import dev.muster.broker.state.StateUnavailableException;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What was committed and could not be flushed may be there: it is not acknowledged, nor redone. */
class StateAfterFailedFlushTest {
  @Test
  void writes_whoseFlushFails_areDoneOnce_andNotAcknowledged(@TempDir Path folder)
      throws Exception {
    FailingDisk disk = new FailingDisk(folder);
    try (TelemetryDatabase database = TelemetryDatabase.open(disk);
        StateStore store = StateStore.start(database, new SimpleMeterRegistry())) {
      CountDownLatch queued = new CountDownLatch(1);
      CompletableFuture<Boolean> first = store.write(connection -> awaited(queued));
      AtomicInteger runs = new AtomicInteger();
      List<CompletableFuture<Integer>> together = new ArrayList<>();
      for (int i = 0; i < 5; i++) {
        together.add(store.write(connection -> runs.incrementAndGet()));
      }
      disk.fails.set(true);
      queued.countDown();
      for (CompletableFuture<Integer> one : together) {
        assertThatThrownBy(() -> one.get(10, TimeUnit.SECONDS))
            .isInstanceOf(ExecutionException.class)
            .hasCauseInstanceOf(StateUnavailableException.class);
      }
      assertThat(first).isCompletedExceptionally();
      assertThat(runs).hasValue(5);
      assertThat(store.problem()).contains("state store: no flush");

      disk.fails.set(false);
      assertThat(store.write(connection -> true).get(10, TimeUnit.SECONDS)).isTrue();
      assertThat(store.problem()).isEmpty();
    }
  }

  private static boolean awaited(CountDownLatch latch) {
    try {
      return latch.await(10, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }
}
