/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device;

/**
 * Counts since the device was built.
 *
 * @param waiting messages not yet acknowledged, sent or not, in memory or on disk
 * @param waitingBytes the payloads of those in memory
 * @param acknowledged messages that the broker acknowledged
 * @param refused messages that the broker refused
 * @param overflowed messages not taken because too much was waiting
 * @param stored messages that were written to disk
 * @param lost messages dropped by the device, for whatever reason, overflowed ones included
 * @param journalBytes taken on disk by messages
 * @param connections how often the device came online
 * @param enrollments how many certificates it received
 */
public record DeviceStatistics(
    long waiting,
    long waitingBytes,
    long acknowledged,
    long refused,
    long overflowed,
    long stored,
    long lost,
    long journalBytes,
    long connections,
    long enrollments) {}
