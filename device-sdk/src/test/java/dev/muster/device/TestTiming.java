/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device;

import dev.muster.device.internal.connection.DeviceTiming;
import java.time.Duration;

/** Waits for tests: short where a test waits for them, long where it must not meet them. */
final class TestTiming {
  static final DeviceTiming FAST = new DeviceTiming(
      Duration.ofMillis(100),
      Duration.ofMillis(500),
      Duration.ofSeconds(1),
      Duration.ofMillis(300),
      Duration.ofSeconds(5),
      Duration.ofSeconds(60),
      Duration.ofSeconds(10),
      Duration.ofMillis(50),
      Duration.ofMillis(100),
      Duration.ofMillis(500),
      Duration.ofMillis(500),
      Duration.ofMillis(100),
      Duration.ofMillis(100));

  private TestTiming() {}

  /** As {@link #FAST}, with another backoff. */
  static DeviceTiming reconnecting(Duration base, Duration cap) {
    return reconnecting(base, cap, FAST.minimumConnected());
  }

  /** As above, and another life of a connection that resets it. */
  static DeviceTiming reconnecting(Duration base, Duration cap, Duration minimumConnected) {
    return with(
        base, cap, minimumConnected, FAST.slowRetry(), FAST.enrollmentTimeout(), FAST.store());
  }

  /** As {@link #FAST}, with another wait after a refusal. */
  static DeviceTiming refusedFor(Duration slowRetry) {
    return with(
        FAST.reconnectBase(),
        FAST.reconnectCap(),
        FAST.minimumConnected(),
        slowRetry,
        FAST.enrollmentTimeout(),
        FAST.store());
  }

  /** As {@link #FAST}, with another wait before telemetry is written to disk. */
  static DeviceTiming storing(Duration store) {
    return with(
        FAST.reconnectBase(),
        FAST.reconnectCap(),
        FAST.minimumConnected(),
        FAST.slowRetry(),
        FAST.enrollmentTimeout(),
        store);
  }

  /** As {@link #FAST}, with more patience with the enrollment server. */
  static DeviceTiming enrollingFor(Duration enrollmentTimeout) {
    return with(
        FAST.reconnectBase(),
        FAST.reconnectCap(),
        FAST.minimumConnected(),
        FAST.slowRetry(),
        enrollmentTimeout,
        FAST.store());
  }

  private static DeviceTiming with(
      Duration base,
      Duration cap,
      Duration minimumConnected,
      Duration slowRetry,
      Duration enrollmentTimeout,
      Duration store) {
    return new DeviceTiming(
        base,
        cap,
        minimumConnected,
        slowRetry,
        FAST.connectTimeout(),
        FAST.keepAlive(),
        enrollmentTimeout,
        FAST.renewalCheck(),
        FAST.renewalRetryBase(),
        FAST.renewalRetryCap(),
        FAST.drain(),
        store,
        FAST.callGrace());
  }
}
