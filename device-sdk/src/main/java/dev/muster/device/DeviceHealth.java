/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device;

import static java.util.Objects.requireNonNull;

import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/**
 * How a device is at one moment.
 *
 * @param reason why it is in its state: one line for people
 * @param since when it entered the state, by the device's clock
 * @param certificateEnd until when its certificate is valid; empty before there is one
 * @param storageProblem why messages are kept in memory only; empty if all is well
 * @param callbackProblem which of the program's calls keeps the device from connecting or renewing;
 *     empty if none does
 * @param timeEstimated whether the time is not known: only that it is no earlier
 * @param clockBehind how far the machine's clock is behind what is known; zero if it is not
 */
public record DeviceHealth(
    DeviceState state,
    String reason,
    Instant since,
    Optional<Instant> certificateEnd,
    Optional<String> storageProblem,
    Optional<String> callbackProblem,
    boolean timeEstimated,
    Duration clockBehind,
    DeviceStatistics statistics) {
  public DeviceHealth {
    requireNonNull(state, "state");
    requireNonNull(reason, "reason");
    requireNonNull(since, "since");
    requireNonNull(certificateEnd, "certificateEnd");
    requireNonNull(storageProblem, "storageProblem");
    requireNonNull(callbackProblem, "callbackProblem");
    requireNonNull(clockBehind, "clockBehind");
    requireNonNull(statistics, "statistics");
  }
}
