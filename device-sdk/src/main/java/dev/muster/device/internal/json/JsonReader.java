/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.internal.json;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Reads one JSON text, from its first character to its last. */
final class JsonReader {
  /** Twins may be 16 deep, in a message around them. */
  private static final int MAX_DEPTH = 20;

  private static final Pattern NUMBER =
      Pattern.compile("-?(0|[1-9][0-9]*)(\\.[0-9]+)?([eE][-+]?[0-9]+)?");
  private static final Pattern HEX = Pattern.compile("[0-9a-fA-F]{4}");
  private static final int LONG_DIGITS = 18;

  private final String text;
  private int at;
  private int depth;

  JsonReader(String text) {
    this.text = text;
  }

  @Nullable Object readAll() {
    Object value = read();
    skipSpace();
    if (at < text.length()) {
      throw wrong("the end");
    }
    return value;
  }

  private @Nullable Object read() {
    skipSpace();
    return switch (peek()) {
      case '{' -> nested(this::readObject);
      case '[' -> nested(this::readArray);
      case '"' -> readText();
      case 't' -> literal("true", true);
      case 'f' -> literal("false", false);
      case 'n' -> literal("null", null);
      default -> readNumber();
    };
  }

  private interface Reading {
    Object read();
  }

  private Object nested(Reading reading) {
    if (++depth > MAX_DEPTH) {
      throw new IllegalArgumentException("JSON: nested deeper than " + MAX_DEPTH);
    }
    at++;
    Object value = reading.read();
    depth--;
    return value;
  }

  private Map<String, Object> readObject() {
    Map<String, Object> object = new LinkedHashMap<>();
    if (skip('}')) {
      return object;
    }
    do {
      skipSpace();
      String name = readText();
      expect(':');
      Object value = read();
      if (object.containsKey(name)) {
        throw wrong("each name once");
      }
      object.put(name, value);
    } while (skip(','));
    expect('}');
    return object;
  }

  private List<Object> readArray() {
    List<Object> array = new ArrayList<>();
    if (skip(']')) {
      return array;
    }
    do {
      array.add(read());
    } while (skip(','));
    expect(']');
    return array;
  }

  private @Nullable Object literal(String word, @Nullable Object value) {
    if (!text.startsWith(word, at)) {
      throw wrong(word);
    }
    at += word.length();
    return value;
  }

  private Object readNumber() {
    Matcher number = NUMBER.matcher(text).region(at, text.length());
    if (!number.lookingAt()) {
      throw wrong("a value");
    }
    at = number.end();
    boolean integer = number.group(2) == null
        && number.group(3) == null
        && number.group(1).length() <= LONG_DIGITS;
    if (integer) {
      return Long.valueOf(number.group());
    }
    double value = Double.parseDouble(number.group());
    if (!Double.isFinite(value)) {
      throw wrong("a number that a double can hold");
    }
    return value;
  }

  private String readText() {
    if (peek() != '"') {
      throw wrong("a text");
    }
    at++;
    StringBuilder value = new StringBuilder();
    for (char c = next(); c != '"'; c = next()) {
      if (c < 0x20) {
        throw wrong("no control character");
      }
      value.append(c == '\\' ? readEscape() : c);
    }
    return value.toString();
  }

  private char readEscape() {
    char c = next();
    return switch (c) {
      case '"', '\\', '/' -> c;
      case 'b' -> '\b';
      case 'f' -> '\f';
      case 'n' -> '\n';
      case 'r' -> '\r';
      case 't' -> '\t';
      case 'u' -> readHex();
      default -> throw wrong("an escape");
    };
  }

  private char readHex() {
    Matcher hex = HEX.matcher(text).region(at, text.length());
    if (!hex.lookingAt()) {
      throw wrong("four hexadecimal digits");
    }
    at = hex.end();
    return (char) Integer.parseInt(hex.group(), 16);
  }

  private char peek() {
    return at < text.length() ? text.charAt(at) : '\0';
  }

  private char next() {
    if (at >= text.length()) {
      throw wrong("more");
    }
    return text.charAt(at++);
  }

  private boolean skip(char c) {
    skipSpace();
    boolean there = peek() == c;
    at += there ? 1 : 0;
    return there;
  }

  private void expect(char c) {
    if (!skip(c)) {
      throw wrong("'" + c + "'");
    }
  }

  private void skipSpace() {
    while (at < text.length() && " \t\r\n".indexOf(text.charAt(at)) >= 0) {
      at++;
    }
  }

  private IllegalArgumentException wrong(String expected) {
    return new IllegalArgumentException(
        "JSON: at character " + at + " (expected: " + expected + ")");
  }
}
