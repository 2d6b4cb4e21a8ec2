/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.delivery;

import dev.muster.protocol.topic.FleetTopics;
import java.time.Duration;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Something for a device.
 *
 * @param key what it is; what has the key of one that was sent is not sent again over the same
 *     connection
 * @param topic where it goes
 * @param expiry how long it is worth delivering; null: for ever
 * @param sent called when it was handed to the device's session
 */
public record Letter(
    String key,
    Function<FleetTopics, String> topic,
    byte[] payload,
    @Nullable Duration expiry,
    Runnable sent) {}
