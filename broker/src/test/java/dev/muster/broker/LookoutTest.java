/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker;

import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class LookoutTest {
  @Test
  void lookThatEndsInAnError_isTakenAgain_andKeepsNoOtherFromBeingTaken() {
    AtomicInteger failed = new AtomicInteger();
    AtomicInteger others = new AtomicInteger();
    Runnable failing = () -> {
      failed.incrementAndGet();
      throw new OutOfMemoryError("for a test");
    };
    Lookout lookout = Lookout.start(List.of(failing, others::incrementAndGet));
    try {
      await().atMost(Duration.ofSeconds(30)).until(() -> failed.get() >= 2 && others.get() >= 2);
    } finally {
      lookout.close();
    }
  }
}
