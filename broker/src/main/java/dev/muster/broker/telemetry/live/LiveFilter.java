/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.telemetry.live;

import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What a viewer wants to see.
 *
 * @param devices empty: all
 * @param stream null: all
 * @param metric null: all
 */
public record LiveFilter(
    Set<String> devices, @Nullable String stream, @Nullable String metric) {
  public LiveFilter {
    devices = Set.copyOf(devices);
  }

  boolean wants(String device, String ofStream) {
    return (devices.isEmpty() || devices.contains(device))
        && (stream == null || stream.equals(ofStream));
  }

  boolean wants(String ofMetric) {
    return metric == null || metric.equals(ofMetric);
  }
}
