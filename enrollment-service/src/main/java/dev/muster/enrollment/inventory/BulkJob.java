/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.inventory;

import dev.muster.enrollment.audit.Actor;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * Something ordered for many devices at once.
 *
 * @param id later ones are greater
 * @param work what is done to each device
 * @param details of the order, as JSON
 * @param endedAt when the last device had its turn; null as long as some wait
 */
public record BulkJob(
    String id,
    String work,
    String details,
    Actor actor,
    Instant createdAt,
    @Nullable Instant cancelledAt,
    @Nullable Instant endedAt) {}
