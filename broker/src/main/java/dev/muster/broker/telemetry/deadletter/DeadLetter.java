/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.telemetry.deadletter;

import dev.muster.protocol.telemetry.MessageIdentity;
import dev.muster.protocol.topic.FleetTopics.TelemetryTopic;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A message that was acknowledged and kept aside.
 *
 * @param id grows with time
 * @param identity null: the device sent none, or none that can be read
 * @param contentType null: the device named none
 * @param bytes of its payload
 * @param reason why it is kept aside
 * @param due when it is stored by itself, its time having come; null: it could not be read
 * @param payload null: not asked for
 */
public record DeadLetter(
    long id,
    TelemetryTopic topic,
    @Nullable MessageIdentity identity,
    Instant receivedAt,
    @Nullable String contentType,
    int bytes,
    String reason,
    @Nullable Instant due,
    @Nullable Payload payload) {}
