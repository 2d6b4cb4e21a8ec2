/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device;

import static java.util.Objects.requireNonNull;

import java.time.Duration;
import java.util.Map;

/**
 * Counts since the device was built, and how long things take.
 *
 * @param waiting messages not yet acknowledged, sent or not, in memory or on disk
 * @param waitingBytes the payloads of those in memory
 * @param oldestWaiting how old the oldest of them is, by the device's clock (older than it is, if
 *     that did not know the time then); zero if none waits
 * @param acknowledged messages that the broker acknowledged
 * @param refused messages that the broker refused
 * @param overflowed messages not taken because too much was waiting
 * @param stored messages that were written to disk
 * @param lost messages that are gone, for whatever reason, overflowed and refused ones included
 * @param journalBytes taken on disk by messages
 * @param connections how often the device came online
 * @param enrollments how many certificates it received
 * @param lastConnect how long the last connection took to come about: finding the address, the
 *     handshake, and the broker's answer; zero before the first
 * @param lastKeyOperation how long it took at last to make or to load a key, for which a TPM or a
 *     token takes its time; zero before the first
 * @param connectionEnds how often attempts and connections ended, by why, without those that the
 *     device itself ended: {@code lost}, {@code busy}, {@code untrusted}, {@code refused},
 *     {@code certificate_refused}, {@code expired}, {@code called_expired}
 */
public record DeviceStatistics(
    long waiting,
    long waitingBytes,
    Duration oldestWaiting,
    long acknowledged,
    long refused,
    long overflowed,
    long stored,
    long lost,
    long journalBytes,
    long connections,
    long enrollments,
    Duration lastConnect,
    Duration lastKeyOperation,
    Map<String, Long> connectionEnds) {
  public DeviceStatistics {
    requireNonNull(oldestWaiting, "oldestWaiting");
    requireNonNull(lastConnect, "lastConnect");
    requireNonNull(lastKeyOperation, "lastKeyOperation");
    connectionEnds = Map.copyOf(connectionEnds);
  }
}
