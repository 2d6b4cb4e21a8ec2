/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.telemetry.format;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import dev.muster.protocol.identity.Quoted;
import dev.muster.protocol.telemetry.Measurement;
import java.io.IOException;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** An object of values; those of an object inside it are named with a dot: {@code battery.volt}. */
final class PlainObject {
  private final JsonParser in;
  private final Map<String, Measurement.Value> values = new LinkedHashMap<>();
  private int members;

  private PlainObject(JsonParser in) {
    this.in = in;
  }

  /**
   * Reads an object whose start has been read.
   *
   * @param time of all its values, for it has none of its own
   * @throws IllegalArgumentException if it holds something that is not a value, or a name twice
   */
  static List<Measurement> read(JsonParser in, Instant time) throws IOException {
    PlainObject object = new PlainObject(in);
    object.read("");
    return object.values.entrySet().stream()
        .map(entry -> new Measurement(entry.getKey(), null, time, entry.getValue()))
        .toList();
  }

  /** Ends, for the parser limits how deep objects lie in each other. */
  private void read(String prefix) throws IOException {
    while (in.nextToken() == JsonToken.FIELD_NAME) {
      if (++members > TelemetryCodec.MAX_MEASUREMENTS) {
        throw new IllegalArgumentException("payload: too many members (expected: at most "
            + TelemetryCodec.MAX_MEASUREMENTS + ")");
      }
      String metric = prefix + in.currentName();
      JsonToken token = in.nextToken();
      if (token == JsonToken.START_OBJECT) {
        read(metric + ".");
      } else if (token != JsonToken.VALUE_NULL) {
        // Null is a sensor that has nothing to say: the raw message keeps that it said so.
        add(metric, Scalars.value(in, token, metric));
      }
    }
  }

  private void add(String metric, Measurement.Value value) {
    if (metric.isBlank() || metric.length() > TelemetryCodec.MAX_METRIC) {
      throw new IllegalArgumentException("metric: " + Quoted.of(metric) + " (expected: 1 to "
          + TelemetryCodec.MAX_METRIC + " characters)");
    }
    if (values.put(metric, value) != null) {
      throw new IllegalArgumentException("metric: " + Quoted.of(metric) + " (expected: once)");
    }
  }
}
