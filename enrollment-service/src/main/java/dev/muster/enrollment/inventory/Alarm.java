/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.inventory;

import dev.muster.protocol.identity.DeviceId;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * Something about a device that an operator should look at.
 *
 * @param kind {@code clone}
 * @param acknowledgedBy the operator who has; null until then
 */
public record Alarm(
    String id,
    String kind,
    DeviceId device,
    String detail,
    Instant raisedAt,
    @Nullable Instant acknowledgedAt,
    @Nullable String acknowledgedBy) {}
