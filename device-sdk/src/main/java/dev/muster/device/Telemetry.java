/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device;

import static java.util.Objects.requireNonNull;

import dev.muster.device.internal.connection.OutboundQueue;
import dev.muster.protocol.telemetry.Measurement;
import dev.muster.protocol.telemetry.Measurement.Value;
import dev.muster.protocol.telemetry.SenmlJson;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/**
 * One stream of a device's telemetry. Thread-safe; no method blocks, whether the device is
 * connected or not.
 *
 * <p>Futures complete on the device's callback thread.
 */
public final class Telemetry {
  private final String stream;
  private final OutboundQueue queue;
  private final Clock clock;

  Telemetry(String stream, OutboundQueue queue, Clock clock) {
    this.stream = stream;
    this.queue = queue;
    this.clock = clock;
  }

  /**
   * Sends one message with the values measured now.
   *
   * @param values metric to value: a finite {@link Number}, a {@link Boolean} or a {@link String}
   * @return completes when the broker has stored the message; exceptionally with a
   *     {@link PublishException}
   * @throws IllegalArgumentException if there is no value, or one that cannot be sent
   */
  public CompletableFuture<Void> publish(Map<String, ?> values) {
    return send(values).acknowledged();
  }

  /** As {@link #publish}, for callers who want to know the message's identity. */
  public PublishReceipt send(Map<String, ?> values) {
    requireNonNull(values, "values");
    Instant now = clock.instant();
    List<Measurement> measurements = new ArrayList<>(values.size());
    values.forEach((metric, value) ->
        measurements.add(new Measurement(metric, null, now, read(metric, value))));
    return send(measurements);
  }

  /**
   * Sends one message with measurements that have units and times of their own.
   *
   * @throws IllegalArgumentException if there is none, or one that cannot be sent
   */
  public PublishReceipt send(List<Measurement> measurements) {
    return queue.submit(stream, SenmlJson.write(measurements));
  }

  private static Value read(String metric, Object value) {
    if (value instanceof Number number && Double.isFinite(number.doubleValue())) {
      return new Value.Number(number.doubleValue());
    }
    if (value instanceof Boolean bool) {
      return new Value.Bool(bool);
    }
    if (value instanceof String text) {
      return new Value.Text(text);
    }
    throw new IllegalArgumentException(
        metric + ": " + value + " (expected: a finite number, a boolean or a string)");
  }
}
