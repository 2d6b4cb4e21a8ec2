/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.telemetry;

import static org.awaitility.Awaitility.await;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class UpkeepTest {
  @Test
  void stepThatEndsInAnError_isAProblem_andTakenAgain() {
    AtomicInteger steps = new AtomicInteger();
    Upkeep.Step step = () -> {
      if (steps.getAndIncrement() == 0) {
        throw new OutOfMemoryError("for a test");
      }
      return false;
    };
    try (Upkeep upkeep =
        Upkeep.start("test", step, Duration.ofSeconds(1), 1, new SimpleMeterRegistry())) {
      await()
          .atMost(Duration.ofSeconds(8))
          .until(() ->
              upkeep.problem().filter("telemetry test: for a test"::equals).isPresent());
      await()
          .atMost(Duration.ofSeconds(40))
          .until(() -> steps.get() > 1 && upkeep.problem().isEmpty());
    }
  }
}
