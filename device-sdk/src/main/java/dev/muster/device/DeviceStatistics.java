/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device;

/**
 * Counts since the device was built.
 *
 * @param waiting messages not yet acknowledged, sent or not
 * @param waitingBytes the payloads of those
 * @param acknowledged messages that the broker acknowledged
 * @param refused messages that the broker refused
 * @param overflowed messages not taken because too much was waiting
 * @param connections how often the device came online
 * @param enrollments how many certificates it received
 */
public record DeviceStatistics(
    int waiting,
    long waitingBytes,
    long acknowledged,
    long refused,
    long overflowed,
    long connections,
    long enrollments) {}
