/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.hardware.agent;

import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;

class SamplerTest {
  private static final Duration LIMIT = Duration.ofSeconds(60);

  @Test
  void round_endsByAnError_nextOneIsDoneAllTheSame() {
    List<Throwable> failures = List.of(
        new NoClassDefFoundError("a"), new StackOverflowError(), new IllegalStateException());
    AtomicInteger rounds = new AtomicInteger();
    BooleanSupplier round = () -> {
      int done = rounds.getAndIncrement();
      if (done < failures.size()) {
        SamplerTest.<RuntimeException>fail(failures.get(done));
      }
      return true;
    };
    try (Sampler sampler = new Sampler(round, Duration.ofMillis(1), Supervisor.of(Map.of()))) {
      sampler.start();

      await().atMost(LIMIT).until(() -> rounds.get() > failures.size() + 1);
    }
  }

  /** The watchdog of a program that is broken is not fed. */
  @Test
  void errorOrFailure_untilARoundIsDoneAgain_isNoGettingOn() {
    AtomicBoolean broken = new AtomicBoolean(true);
    AtomicBoolean done = new AtomicBoolean(true);
    BooleanSupplier round = () -> {
      if (broken.get()) {
        throw new StackOverflowError();
      }
      return done.get();
    };
    try (Sampler sampler = new Sampler(round, Duration.ofMillis(1), Supervisor.of(Map.of()))) {
      sampler.start();
      await().atMost(LIMIT).until(() -> !sampler.getsOn());
      broken.set(false);
      await().atMost(LIMIT).until(sampler::getsOn);
      done.set(false);
      await().atMost(LIMIT).until(() -> !sampler.getsOn());
    }
  }

  @SuppressWarnings("unchecked")
  private static <T extends Throwable> void fail(Throwable failure) throws T {
    throw (T) failure;
  }
}
