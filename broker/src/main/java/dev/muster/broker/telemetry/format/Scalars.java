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
import java.util.Base64;

/** Single values, as a parser of JSON or CBOR has just met them. */
final class Scalars {
  private static final int DOUBLE_BITS = 1_024;

  private Scalars() {}

  /** @throws IllegalArgumentException if it is no single value */
  static Measurement.Value value(JsonParser in, JsonToken token, String metric) throws IOException {
    if (token.isNumeric()) {
      return new Measurement.Value.Number(number(in));
    }
    if (token.isBoolean()) {
      return new Measurement.Value.Bool(in.getBooleanValue());
    }
    if (token == JsonToken.VALUE_STRING) {
      return new Measurement.Value.Text(text(metric, in.getText()));
    }
    if (token == JsonToken.VALUE_EMBEDDED_OBJECT) {
      return new Measurement.Value.Text(text(metric, data(metric, in)));
    }
    throw new IllegalArgumentException(
        Quoted.of(metric) + ": an array (expected: a number, text, a boolean or an object)");
  }

  /** Not yet known to be finite. */
  static double number(JsonParser in) throws IOException {
    // CBOR's integers are as long as their sender likes; turning those into text takes long, too.
    switch (in.getNumberType()) {
      case BIG_INTEGER:
        checkLength(in.getBigIntegerValue().bitLength());
        break;
      case BIG_DECIMAL:
        checkLength(in.getDecimalValue().unscaledValue().bitLength());
        break;
      default:
        break;
    }
    return in.getDoubleValue();
  }

  private static void checkLength(int bits) {
    if (bits > DOUBLE_BITS) {
      throw new IllegalArgumentException(
          "number: of " + bits + " bits (expected: one that a double holds)");
    }
  }

  /** @throws IllegalArgumentException if a text cannot be stored as it is */
  static String text(String what, String text) {
    if (text.length() > TelemetryCodec.MAX_TEXT) {
      throw new IllegalArgumentException(Quoted.of(what) + ": " + text.length()
          + " characters (expected: at most " + TelemetryCodec.MAX_TEXT + ")");
    }
    if (text.codePoints().anyMatch(Scalars::isUnstorable)) {
      throw new IllegalArgumentException(
          Quoted.of(what) + ": U+0000 or half a surrogate pair in it (expected: text)");
    }
    return text;
  }

  private static boolean isUnstorable(int character) {
    return character == 0
        || (character >= Character.MIN_SURROGATE && character <= Character.MAX_SURROGATE);
  }

  /** The bytes of CBOR as SenML writes them in JSON: base64url without padding (RFC 8428, 5). */
  static String data(String what, JsonParser in) throws IOException {
    if (in.getEmbeddedObject() instanceof byte[] bytes) {
      return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }
    throw new IllegalArgumentException(
        Quoted.of(what) + ": a simple value (expected: a number, text, a boolean or bytes)");
  }

  /** @throws IllegalArgumentException unless a text is base64url without padding */
  static String checkData(String what, String text) {
    try {
      Base64.getUrlDecoder().decode(text);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(what + ": not base64url", e);
    }
    if (text.endsWith("=")) {
      throw new IllegalArgumentException(what + ": padded (expected: base64url without padding)");
    }
    return text;
  }
}
