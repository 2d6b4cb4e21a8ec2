/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.internal.json;

import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * JSON as plain values: {@code Map<String, Object>}, {@code List<Object>}, {@link String},
 * {@link Long}, {@link Double}, {@link Boolean} and null.
 */
public final class Json {
  private Json() {}

  /** @throws IllegalArgumentException naming the place, if it is not JSON, or nested too deep */
  public static @Nullable Object parse(byte[] utf8) {
    return new JsonReader(new String(utf8, StandardCharsets.UTF_8)).readAll();
  }

  /** As {@link #parse}. @throws IllegalArgumentException if it is not an object, too */
  public static Map<String, Object> parseObject(byte[] utf8) {
    return object("JSON", parse(utf8));
  }

  /** @throws IllegalArgumentException naming {@code what}, if the value is no object */
  @SuppressWarnings("unchecked")
  public static Map<String, Object> object(String what, @Nullable Object value) {
    if (value instanceof Map<?, ?> map) {
      return (Map<String, Object>) map; // Of the reader: its keys are strings.
    }
    throw new IllegalArgumentException(what + ": not an object (expected: {...})");
  }

  /**
   * Writes a value; numbers of any class.
   *
   * @throws IllegalArgumentException if a value is of no class that JSON knows, or not finite
   */
  public static byte[] write(@Nullable Object value) {
    StringBuilder out = new StringBuilder();
    write(out, value);
    return out.toString().getBytes(StandardCharsets.UTF_8);
  }

  private static void write(StringBuilder out, @Nullable Object value) {
    if (value == null || value instanceof Boolean) {
      out.append(value);
    } else if (value instanceof Number number) {
      writeNumber(out, number);
    } else if (value instanceof CharSequence text) {
      writeText(out, text);
    } else if (value instanceof Map<?, ?> map) {
      writeObject(out, map);
    } else if (value instanceof Collection<?> list) {
      writeArray(out, list);
    } else {
      throw new IllegalArgumentException("value: of " + value.getClass().getName()
          + " (expected: a map, a collection, a text, a number, a boolean or null)");
    }
  }

  private static void writeNumber(StringBuilder out, Number number) {
    if (!Double.isFinite(number.doubleValue())) {
      throw new IllegalArgumentException("value: " + number + " (expected: a finite number)");
    }
    out.append(number);
  }

  private static void writeObject(StringBuilder out, Map<?, ?> map) {
    out.append('{');
    int begin = out.length();
    map.forEach((name, value) -> {
      if (out.length() > begin) {
        out.append(',');
      }
      writeText(out, String.valueOf(name));
      out.append(':');
      write(out, value);
    });
    out.append('}');
  }

  private static void writeArray(StringBuilder out, Collection<?> list) {
    out.append('[');
    int begin = out.length();
    for (Object value : list) {
      if (out.length() > begin) {
        out.append(',');
      }
      write(out, value);
    }
    out.append(']');
  }

  private static void writeText(StringBuilder out, CharSequence text) {
    out.append('"');
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '"' || c == '\\') {
        out.append('\\').append(c);
      } else if (c < 0x20) {
        out.append(String.format("\\u%04x", (int) c));
      } else {
        out.append(c);
      }
    }
    out.append('"');
  }
}
