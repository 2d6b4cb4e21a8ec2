/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.state;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.cfg.JsonNodeFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.muster.protocol.identity.Quoted;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Comparator;
import java.util.Locale;
import java.util.Set;

/**
 * JSON from outside that is kept: of limited depth, no name twice in an object, numbers as they
 * were written, nothing that is not Unicode.
 */
public final class StrictJson {
  /** How many objects and arrays may stand inside each other. */
  public static final int MAX_DEPTH = 16;

  private static final int MAX_REASON = 300;

  private static final JsonMapper MAPPER = JsonMapper.builder(JsonFactory.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .disable(StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION)
          .streamReadConstraints(StreamReadConstraints.builder()
              .maxNestingDepth(MAX_DEPTH)
              .maxNumberLength(64)
              .maxNameLength(1_024)
              .build())
          .build())
      .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
      .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
      .disable(JsonNodeFeature.STRIP_TRAILING_BIGDECIMAL_ZEROES)
      .build();

  /** 1 and 1.0 are one number (RFC 8259, 6, leaves no other meaning to them). */
  private static final Comparator<JsonNode> BY_VALUE = (one, other) -> {
    if (one.isNumber() && other.isNumber()) {
      return one.decimalValue().compareTo(other.decimalValue());
    }
    return one.equals(other) ? 0 : 1;
  };

  private StrictJson() {}

  /**
   * Reads a value.
   *
   * @param what what it is, for the message
   * @throws IllegalArgumentException if it is none, or beyond a limit; safe to show
   */
  public static JsonNode read(String what, byte[] bytes) {
    try {
      String text =
          StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
      JsonNode value = MAPPER.readTree(text);
      if (value.isMissingNode()) {
        throw new IllegalArgumentException(what + ": empty (expected: JSON)");
      }
      checkNumbers(what, value);
      return value;
    } catch (CharacterCodingException e) {
      throw new IllegalArgumentException(what + ": not UTF-8 (expected: JSON)");
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(what + ": not JSON: " + shown(e.getOriginalMessage()));
    }
  }

  /** Most readers of JSON take a number for a double (RFC 8259, 6), and would find infinity. */
  private static void checkNumbers(String what, JsonNode value) {
    if (value.isNumber() && !Double.isFinite(value.doubleValue())) {
      throw new IllegalArgumentException(
          what + ": " + shown(value.toString()) + " (expected: numbers that a double can hold)");
    }
    value.forEach(part -> checkNumbers(what, part));
  }

  /** As {@link #read}, for what must be an object. */
  public static ObjectNode readObject(String what, byte[] bytes) {
    return object(what, read(what, bytes));
  }

  /** @throws IllegalArgumentException unless a value is an object */
  public static ObjectNode object(String what, JsonNode value) {
    if (value instanceof ObjectNode object) {
      return object;
    }
    throw new IllegalArgumentException(what + ": "
        + value.getNodeType().name().toLowerCase(Locale.ROOT)
        + " (expected: an object)");
  }

  /** @throws IllegalArgumentException if an object has a member besides those named */
  public static void checkMembers(String what, ObjectNode object, Set<String> known) {
    object.fieldNames().forEachRemaining(name -> {
      if (!known.contains(name)) {
        throw new IllegalArgumentException(
            what + ": unknown member " + Quoted.of(name) + " (expected: " + known + ")");
      }
    });
  }

  /** What was read by this class and was kept since. @throws IllegalStateException if damaged */
  public static JsonNode stored(String text) {
    try {
      return MAPPER.readTree(text);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a stored document is no JSON", e);
    }
  }

  /**
   * A value as compact text.
   *
   * @param maxBytes how long it may be, in UTF-8
   * @throws IllegalArgumentException if it is longer, or holds what is no Unicode
   */
  public static String write(String what, JsonNode value, int maxBytes) {
    String text = value.toString();
    int bytes = lengthOf(what, text);
    if (bytes > maxBytes) {
      throw new IllegalArgumentException(
          what + ": " + bytes + " bytes (expected: at most " + maxBytes + ")");
    }
    return text;
  }

  private static int lengthOf(String what, String text) {
    try {
      return StandardCharsets.UTF_8.newEncoder().encode(CharBuffer.wrap(text)).remaining();
    } catch (CharacterCodingException e) {
      throw new IllegalArgumentException(what + ": half a surrogate pair (expected: Unicode)");
    }
  }

  /** Whether two values mean the same. */
  public static boolean isSame(JsonNode one, JsonNode other) {
    return one.equals(BY_VALUE, other);
  }

  private static String shown(String message) {
    // The message quotes what a stranger sent: one line of printable characters, of limited length.
    String line = message.replaceAll("[^\\x20-\\x7e]+", " ");
    return line.substring(0, Math.min(MAX_REASON, line.length()));
  }
}
