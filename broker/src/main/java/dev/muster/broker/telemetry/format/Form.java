/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.telemetry.format;

import com.fasterxml.jackson.core.JsonToken;
import dev.muster.protocol.identity.Quoted;
import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What a payload is written in: named by the content type of MQTT 5, or shown by its first byte.
 */
enum Form {
  SENML_JSON("application/senml+json"),
  SENML_CBOR("application/senml+cbor"),
  JSON("application/json"),
  CBOR("application/cbor"),
  /** A number alone. */
  TEXT("text/plain");

  private final String mediaType;

  Form(String mediaType) {
    this.mediaType = mediaType;
  }

  /** @throws IllegalArgumentException if the content type is one that is not read */
  static Form of(@Nullable String contentType, byte[] payload) {
    String named = contentType == null ? "" : mediaType(contentType);
    if (named.isEmpty()) {
      return byFirstByte(payload);
    }
    for (Form form : values()) {
      if (form.mediaType.equals(named)) {
        return form;
      }
    }
    String expected =
        Arrays.stream(values()).map(form -> form.mediaType).collect(Collectors.joining(", "));
    throw new IllegalArgumentException(
        "content type: " + Quoted.of(named) + " (expected: " + expected + ", or none)");
  }

  /** Without parameters: JSON and CBOR know none that would matter. */
  private static String mediaType(String contentType) {
    return contentType.split(";", 2)[0].strip().toLowerCase(Locale.ROOT);
  }

  /** All JSON begins with ASCII; CBOR arrays, maps, tags and floating-point numbers do not. */
  private static Form byFirstByte(byte[] payload) {
    return payload.length > 0 && payload[0] < 0 ? CBOR : JSON;
  }

  boolean isCbor() {
    return this == SENML_CBOR || this == CBOR;
  }

  /** @throws IllegalArgumentException if a payload of this form does not begin like this */
  void check(@Nullable JsonToken first) {
    if (first == null) {
      throw new IllegalArgumentException("payload: empty (expected: " + expected() + ")");
    }
    boolean fits = switch (this) {
      case SENML_JSON, SENML_CBOR -> first == JsonToken.START_ARRAY;
      case JSON, CBOR ->
        first == JsonToken.START_ARRAY || first == JsonToken.START_OBJECT || first.isNumeric();
      case TEXT -> first.isNumeric();
    };
    if (!fits) {
      String found = first.name().toLowerCase(Locale.ROOT);
      throw new IllegalArgumentException("payload: " + found + " (expected: " + expected() + ")");
    }
  }

  private String expected() {
    return switch (this) {
      case SENML_JSON, SENML_CBOR -> "SenML, an array of records";
      case JSON, CBOR -> "SenML, an object or a number";
      case TEXT -> "a number";
    };
  }
}
