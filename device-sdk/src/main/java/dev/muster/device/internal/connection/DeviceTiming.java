/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.internal.connection;

import java.time.Duration;

/**
 * The waits of a device, in one place so that tests can shorten them.
 *
 * @param reconnectBase the first limit of the backoff
 * @param reconnectCap its last
 * @param minimumConnected only a connection that lived so long resets the backoff
 * @param slowRetry around which a refused device asks again
 * @param connectTimeout from TCP to CONNACK
 * @param keepAlive of MQTT
 * @param enrollmentTimeout for one HTTP exchange
 * @param renewalCheck how often the clock is looked at; clocks jump, timers do not notice
 * @param renewalRetryBase the first limit of the backoff of renewals
 * @param renewalRetryCap its last
 * @param drain for acknowledgements before a connection is closed on purpose
 * @param store how long telemetry waits in memory before it is written to disk
 * @param callGrace how long a handshake or an enrollment waits for a thread, before the call of the
 *     program that holds one is interrupted
 */
public record DeviceTiming(
    Duration reconnectBase,
    Duration reconnectCap,
    Duration minimumConnected,
    Duration slowRetry,
    Duration connectTimeout,
    Duration keepAlive,
    Duration enrollmentTimeout,
    Duration renewalCheck,
    Duration renewalRetryBase,
    Duration renewalRetryCap,
    Duration drain,
    Duration store,
    Duration callGrace) {

  /** What a device in the field uses. */
  public static final DeviceTiming STANDARD = new DeviceTiming(
      Duration.ofSeconds(1),
      Duration.ofMinutes(2),
      Duration.ofSeconds(30),
      Duration.ofMinutes(5),
      Duration.ofSeconds(20),
      Duration.ofSeconds(60),
      Duration.ofSeconds(30),
      Duration.ofSeconds(15),
      Duration.ofMinutes(1),
      Duration.ofHours(1),
      Duration.ofSeconds(1),
      Duration.ofSeconds(1),
      Duration.ofSeconds(30));
}
