/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class WorkLanesTest {
  private final CountDownLatch release = new CountDownLatch(1);
  private final WorkLanes lanes = new WorkLanes(20, new SimpleMeterRegistry());

  @AfterEach
  void stop() throws InterruptedException {
    release.countDown();
    lanes.stop();
  }

  @Test
  void flood_isTurnedAwayOnceTheQueueIsFull() {
    assertThat(flood(lanes.enrollments())).isEqualTo(48 + 20);
  }

  @Test
  void renewalsAndOperators_passAFloodOfEnrollments() throws Exception {
    flood(lanes.enrollments());
    for (Executor lane : new Executor[] {lanes.renewals(), lanes.operators()}) {
      CompletableFuture.runAsync(() -> {}, lane).get(10, TimeUnit.SECONDS);
    }
  }

  /** @return how many pieces of work were taken on before the first was refused */
  private int flood(Executor lane) {
    for (int taken = 0; ; taken++) {
      try {
        lane.execute(this::waitForTheEnd);
      } catch (RejectedExecutionException e) {
        return taken;
      }
    }
  }

  private void waitForTheEnd() {
    try {
      release.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
