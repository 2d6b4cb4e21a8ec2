/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.testing;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class LoopFixtureTest {
  static Stream<Runnable> defects() {
    return Stream.of(
        () -> {
          throw new IllegalStateException("a defect");
        },
        () -> {
          throw new AssertionError("expected: something else");
        });
  }

  @ParameterizedTest
  @MethodSource("defects")
  void whateverIsThrownOnTheThread_failsTheTest(Runnable defect) {
    LoopFixture fixture = new LoopFixture();
    fixture.loop().execute(defect);
    CompletableFuture.runAsync(() -> {}, fixture.loop()).join(); // After it.

    assertThatThrownBy(fixture::close)
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("on the device's thread");
  }
}
