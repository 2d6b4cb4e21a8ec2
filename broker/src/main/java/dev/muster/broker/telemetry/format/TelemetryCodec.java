/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.telemetry.format;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonFactoryBuilder;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.TSFBuilder;
import com.fasterxml.jackson.dataformat.cbor.CBORFactory;
import com.fasterxml.jackson.dataformat.cbor.CBORParser;
import dev.muster.protocol.identity.Quoted;
import dev.muster.protocol.telemetry.Measurement;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Reads telemetry payloads: SenML (RFC 8428), an object of values, a bare number; in JSON or CBOR.
 *
 * <p>Whatever the bytes are, the answer is a value: nothing that a device sends makes this throw.
 */
public final class TelemetryCodec {
  /** The metric of a payload that is one bare number. */
  public static final String BARE_METRIC = "value";

  static final int MAX_MEASUREMENTS = 256;
  static final int MAX_TEXT = 4_096;
  static final int MAX_METRIC = 128;
  private static final int MAX_DEPTH = 16;
  private static final int MAX_DIGITS = 64;

  private static final JsonFactory JSON = limited(new JsonFactoryBuilder()).build();
  private static final CBORFactory CBOR = limited(CBORFactory.builder())
      // Else CBOR's unassigned simple values would pass for numbers, and -2^64 for -2^64 + 1.
      .enable(CBORParser.Feature.READ_SIMPLE_VALUE_AS_EMBEDDED_OBJECT)
      .enable(CBORParser.Feature.DECODE_USING_STANDARD_NEGATIVE_BIGINT_ENCODING)
      .build();

  private TelemetryCodec() {}

  private static <F extends JsonFactory, B extends TSFBuilder<F, B>> B limited(B factory) {
    return factory
        .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
        .disable(StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION)
        .streamReadConstraints(StreamReadConstraints.builder()
            .maxNestingDepth(MAX_DEPTH)
            .maxNumberLength(MAX_DIGITS)
            .maxStringLength(MAX_TEXT)
            .maxNameLength(MAX_METRIC)
            .build());
  }

  /**
   * Reads a payload.
   *
   * @param contentType what MQTT 5 names; null: the first byte tells
   * @param receivedAt the time of what carries none of its own
   */
  public static Reading decode(byte[] payload, @Nullable String contentType, Instant receivedAt) {
    try {
      List<Measurement> measurements = read(payload, Form.of(contentType, payload), receivedAt);
      measurements.forEach(TelemetryCodec::checkNames);
      return measurements.isEmpty()
          ? new Reading.Unreadable("payload: no measurement in it")
          : new Reading.Readable(measurements);
    } catch (CharacterCodingException e) {
      return new Reading.Unreadable("payload: not UTF-8 (expected: JSON, CBOR or a number)");
    } catch (JsonProcessingException e) {
      return new Reading.Unreadable("payload: malformed: " + e.getOriginalMessage());
    } catch (IOException | IllegalArgumentException e) {
      return new Reading.Unreadable(String.valueOf(e.getMessage()));
    } catch (RuntimeException e) {
      // A fault of a parser. The device would send the same again, for ever, were it let through.
      return new Reading.Unreadable("payload: cannot be read: " + e);
    }
  }

  private static List<Measurement> read(byte[] payload, Form form, Instant receivedAt)
      throws IOException {
    try (JsonParser in = open(payload, form)) {
      JsonToken first = in.nextToken();
      form.check(first);
      List<Measurement> measurements = readValue(in, first, form, receivedAt);
      if (in.nextToken() != null) {
        throw new IllegalArgumentException("payload: something follows its end");
      }
      return measurements;
    }
  }

  private static JsonParser open(byte[] payload, Form form) throws IOException {
    if (form.isCbor()) {
      return CBOR.createParser(payload);
    }
    // The parser itself would also take UTF-16, and put up with some malformed UTF-8.
    return JSON.createParser(
        StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(payload)).toString());
  }

  private static List<Measurement> readValue(
      JsonParser in, JsonToken first, Form form, Instant receivedAt) throws IOException {
    if (first == JsonToken.START_ARRAY) {
      return SenmlReader.read(in, form.isCbor()).resolve(receivedAt);
    }
    if (first == JsonToken.START_OBJECT) {
      return PlainObject.read(in, receivedAt);
    }
    Measurement.Value number = new Measurement.Value.Number(Scalars.number(in));
    return List.of(new Measurement(BARE_METRIC, null, receivedAt, number));
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
}
