/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.telemetry.live;

import dev.muster.broker.telemetry.AcknowledgedListener;
import dev.muster.broker.telemetry.TelemetryMessage;
import dev.muster.broker.telemetry.format.Reading;
import dev.muster.protocol.telemetry.Measurement;
import dev.muster.protocol.topic.FleetTopics.TelemetryTopic;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executor;

/**
 * Shows what is acknowledged to those who look on. While nobody does that costs one look at a
 * field; else it is done on a thread of its own, for which whoever acknowledges does not wait. Safe
 * for use by several threads.
 */
public final class LiveFeed implements AcknowledgedListener {
  /** How many may look on at a time. */
  public static final int MAX_VIEWERS = 16;

  private final List<LiveViewer> viewers = new CopyOnWriteArrayList<>();
  private final NewestMessages waiting = new NewestMessages();
  private final Executor thread;

  /** @param thread one at a time shows what waits, in the order in which that came */
  public LiveFeed(Executor thread) {
    this.thread = thread;
  }

  @Override
  public void acknowledged(TelemetryMessage message) {
    if (!viewers.isEmpty() && isWanted(message) && waiting.add(message)) {
      thread.execute(this::showWaiting);
    }
  }

  private boolean isWanted(TelemetryMessage message) {
    return viewers.stream().anyMatch(viewer -> wants(viewer, message));
  }

  private static boolean wants(LiveViewer viewer, TelemetryMessage message) {
    return viewer.filter().wants(message.topic().device().value(), message.topic().stream());
  }

  private void showWaiting() {
    NewestMessages.Taken taken = waiting.take();
    viewers.forEach(viewer -> viewer.miss(taken.dropped()));
    taken.messages().forEach(this::show);
  }

  private void show(TelemetryMessage message) {
    if (message.reading() instanceof Reading.Readable readable) {
      for (LiveViewer viewer : viewers) {
        if (wants(viewer, message)) {
          show(viewer, message.topic(), readable);
        }
      }
    }
  }

  private static void show(LiveViewer viewer, TelemetryTopic topic, Reading.Readable readable) {
    for (Measurement measurement : readable.measurements()) {
      if (viewer.filter().wants(measurement.metric())) {
        viewer.offer(value(topic.device().value(), topic.stream(), measurement));
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
