/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.telemetry.live;

import dev.muster.broker.telemetry.StoredListener;
import dev.muster.broker.telemetry.TelemetryMessage;
import dev.muster.broker.telemetry.format.Reading;
import dev.muster.protocol.telemetry.Measurement;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * Shows what is stored to those who look on. Costs nothing while nobody does. Safe for use by
 * several threads.
 */
public final class LiveFeed implements StoredListener {
  /** How many may look on at a time. */
  public static final int MAX_VIEWERS = 16;

  private final List<LiveViewer> viewers = new CopyOnWriteArrayList<>();

  @Override
  public void stored(TelemetryMessage message) {
    if (!viewers.isEmpty()) {
      show(message);
    }
  }

  @Override
  public boolean isWatching() {
    return !viewers.isEmpty();
  }

  private void show(TelemetryMessage message) {
    String device = message.topic().device().value();
    String stream = message.topic().stream();
    for (LiveViewer viewer : viewers) {
      if (viewer.filter().wants(device, stream)
          && message.reading() instanceof Reading.Readable readable) {
        for (Measurement measurement : readable.measurements()) {
          if (viewer.filter().wants(measurement.metric())) {
            viewer.offer(value(device, stream, measurement));
          }
        }
      }
    }
  }

  private static LiveValue value(String device, String stream, Measurement measurement) {
    return new LiveValue(
        device,
        stream,
        measurement.metric(),
        measurement.unit(),
        plain(measurement.value()),
        measurement.time());
  }

  private static Object plain(Measurement.Value value) {
    if (value instanceof Measurement.Value.Number number) {
      return number.number();
    }
    if (value instanceof Measurement.Value.Text text) {
      return text.text();
    }
    if (value instanceof Measurement.Value.Bool bool) {
      return bool.bool();
    }
    throw new IllegalStateException("value " + value);
  }

  /** Begins to show; empty if too many look on already. */
  public synchronized Optional<LiveViewer> open(LiveFilter filter) {
    if (viewers.size() >= MAX_VIEWERS) {
      return Optional.empty();
    }
    LiveViewer viewer = new LiveViewer(filter);
    viewers.add(viewer);
    return Optional.of(viewer);
  }

  /** Ends it. */
  public void close(LiveViewer viewer) {
    viewers.remove(viewer);
  }
}
