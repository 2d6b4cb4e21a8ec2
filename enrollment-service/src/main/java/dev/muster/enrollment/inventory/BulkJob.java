/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.inventory;

import dev.muster.enrollment.audit.Actor;
import java.time.Instant;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Something ordered for many devices at once.
 *
 * @param id later ones are greater
 * @param work what is done to each device
 * @param details of the order, as JSON
 * @param within the fleets of whoever has ordered it, then
 * @param endedAt when the last device had its turn; null as long as some wait
 * @param counts how many devices are how far
 */
public record BulkJob(
    String id,
    String work,
    String details,
    Actor actor,
    Within within,
    Instant createdAt,
    @Nullable Instant cancelledAt,
    @Nullable Instant endedAt,
    Map<BulkResult.State, Long> counts) {
  public BulkJob {
    counts = Map.copyOf(counts);
  }

  /** A new one. */
  public BulkJob(
      String id, String work, String details, Actor actor, Within within, Instant createdAt) {
    this(id, work, details, actor, within, createdAt, null, null, Map.of());
  }

  /** How many devices it is about. */
  public long devices() {
    return counts.values().stream().mapToLong(Long::longValue).sum();
  }
}
