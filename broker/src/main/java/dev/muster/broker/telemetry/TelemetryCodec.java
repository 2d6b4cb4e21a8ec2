/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.telemetry;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import dev.muster.protocol.identity.Quoted;
import dev.muster.protocol.telemetry.Measurement;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Reads telemetry payloads: SenML JSON (RFC 8428), a JSON object of scalars, a bare number.
 *
 * <p>Whatever the bytes are, the answer is a value: nothing that a device sends makes this throw.
 */
public final class TelemetryCodec {
  /** The metric of a payload that is one bare number. */
  public static final String BARE_METRIC = "value";

  static final int MAX_MEASUREMENTS = 256;
  static final int MAX_TEXT = 4_096;
  private static final int MAX_METRIC = 128;
  private static final int MAX_REASON = 300;
  private static final String SENML_JSON = "application/senml+json";
  private static final String JSON = "application/json";

  private static final JsonFactory FACTORY = JsonFactory.builder()
      .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
      .disable(StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION)
      .streamReadConstraints(StreamReadConstraints.builder()
          .maxNestingDepth(16)
          .maxNumberLength(64)
          .maxStringLength(MAX_TEXT)
          .maxNameLength(MAX_METRIC)
          .build())
      .build();

  private TelemetryCodec() {}

  /**
   * Reads a payload.
   *
   * @param contentType what MQTT 5 names; null: the first byte tells
   * @param receivedAt the time of what carries none of its own
   */
  public static Reading decode(byte[] payload, @Nullable String contentType, Instant receivedAt) {
    try {
      String text =
          StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(payload)).toString();
      List<Measurement> measurements = read(text, mediaType(contentType), receivedAt);
      measurements.forEach(TelemetryCodec::checkNames);
      return measurements.isEmpty()
          ? new Reading.Unreadable("payload: no measurement in it")
          : new Reading.Readable(measurements);
    } catch (CharacterCodingException e) {
      return new Reading.Unreadable("payload: not UTF-8 (expected: JSON or a number)");
    } catch (JsonProcessingException e) {
      return unreadable("payload: not JSON: " + e.getOriginalMessage());
    } catch (IOException | IllegalArgumentException e) {
      return unreadable(String.valueOf(e.getMessage()));
    }
  }

  private static Reading unreadable(String reason) {
    // The message quotes what a stranger sent: one line of printable characters, of limited length.
    String shown = reason.replaceAll("[^\\x20-\\x7e]+", " ");
    return new Reading.Unreadable(shown.substring(0, Math.min(MAX_REASON, shown.length())));
  }

  private static String mediaType(@Nullable String contentType) {
    return contentType == null ? "" : contentType.split(";", 2)[0].strip().toLowerCase(Locale.ROOT);
  }

  private static List<Measurement> read(String text, String mediaType, Instant receivedAt)
      throws IOException {
    if (mediaType.endsWith("cbor")) {
      throw new IllegalArgumentException("content type: " + Quoted.of(mediaType) + " (expected: "
          + SENML_JSON + ", " + JSON + ")");
    }
    try (JsonParser json = FACTORY.createParser(text)) {
      JsonToken first = json.nextToken();
      List<Measurement> measurements = readValue(json, first, mediaType, receivedAt);
      if (json.nextToken() != null) {
        throw new IllegalArgumentException("payload: something follows the JSON value");
      }
      return measurements;
    }
  }

  private static List<Measurement> readValue(
      JsonParser json, @Nullable JsonToken first, String mediaType, Instant receivedAt)
      throws IOException {
    if (first == JsonToken.START_ARRAY) {
      return SenmlJson.read(json, MAX_MEASUREMENTS).resolve(receivedAt);
    }
    if (mediaType.equals(SENML_JSON)) {
      throw new IllegalArgumentException("payload: not SenML (expected: an array of records)");
    }
    if (first == JsonToken.START_OBJECT) {
      return readObject(json, receivedAt);
    }
    if (first != null && first.isNumeric()) {
      return List.of(new Measurement(BARE_METRIC, null, receivedAt, number(json)));
    }
    throw new IllegalArgumentException(
        "payload: " + (first == null ? "empty" : first.name().toLowerCase(Locale.ROOT))
            + " (expected: SenML, a JSON object or a number)");
  }

  private static List<Measurement> readObject(JsonParser json, Instant receivedAt)
      throws IOException {
    List<Measurement> measurements = new ArrayList<>();
    while (json.nextToken() == JsonToken.FIELD_NAME) {
      String metric = checkMetric(json.currentName());
      JsonToken token = json.nextToken();
      // A sensor that has nothing to say: the raw message keeps that it said so.
      if (token != JsonToken.VALUE_NULL) {
        measurements.add(new Measurement(metric, null, receivedAt, scalar(json, token, metric)));
      }
      if (measurements.size() > MAX_MEASUREMENTS) {
        throw new IllegalArgumentException(
            "payload: too many members (expected: at most " + MAX_MEASUREMENTS + ")");
      }
    }
    return measurements;
  }

  private static String checkMetric(String metric) {
    if (metric.isBlank()) {
      throw new IllegalArgumentException(
          "metric: " + Quoted.of(metric) + " (expected: 1 to " + MAX_METRIC + " characters)");
    }
    return metric;
  }

  /** Names go to terminals, logs and pages as they are: nothing in them may steer these. */
  private static void checkNames(Measurement measurement) {
    checkPrintable("metric", measurement.metric());
    if (measurement.unit() != null) {
      checkPrintable("unit", measurement.unit());
    }
  }

  private static void checkPrintable(String what, String name) {
    if (name.codePoints().anyMatch(TelemetryCodec::steers)) {
      throw new IllegalArgumentException(
          what + ": " + Quoted.of(name) + " (expected: no control or format characters)");
    }
  }

  /** C0 and C1, bidirectional and zero-width characters, line ends, halves of characters. */
  private static boolean steers(int character) {
    return switch (Character.getType(character)) {
      case Character.CONTROL,
          Character.FORMAT,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR,
          Character.SURROGATE -> true;
      default -> false;
    };
  }

  private static Measurement.Value scalar(JsonParser json, JsonToken token, String metric)
      throws IOException {
    if (token.isNumeric()) {
      return number(json);
    }
    if (token.isBoolean()) {
      return new Measurement.Value.Bool(json.getBooleanValue());
    }
    if (token == JsonToken.VALUE_STRING) {
      return new Measurement.Value.Text(json.getText());
    }
    throw new IllegalArgumentException(
        Quoted.of(metric) + ": a nested value (expected: a number, text or a boolean)");
  }

  private static Measurement.Value number(JsonParser json) throws IOException {
    return new Measurement.Value.Number(json.getDoubleValue());
  }
}
