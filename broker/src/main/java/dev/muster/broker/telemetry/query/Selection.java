/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.telemetry.query;

import dev.muster.protocol.identity.DeviceId;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Which values are asked for.
 *
 * @param devices in their order, each once
 * @param stream null: all
 * @param metric null: all
 * @param from the time of the first
 * @param to the time after the last
 */
public record Selection(
    List<DeviceId> devices,
    @Nullable String stream,
    @Nullable String metric,
    Instant from,
    Instant to) {
  public Selection {
    devices = devices.stream()
        .distinct()
        .sorted(Comparator.comparing(DeviceId::value))
        .toList();
  }
}
