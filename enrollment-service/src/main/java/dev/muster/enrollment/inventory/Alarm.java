/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.inventory;

import dev.muster.protocol.identity.DeviceId;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * Something about a device, or a program, that an operator should look at.
 *
 * @param kind {@code clone}
 * @param device or the program of that name, as no two of either share one
 * @param subject of the program's certificate; null if it is about a device
 * @param acknowledgedBy the operator who has; null until then
 */
public record Alarm(
    String id,
    String kind,
    DeviceId device,
    @Nullable String subject,
    String detail,
    Instant raisedAt,
    @Nullable Instant acknowledgedAt,
    @Nullable String acknowledgedBy) {}
