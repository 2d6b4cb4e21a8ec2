/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.openapi;

import dev.muster.protocol.identity.Quoted;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What a value in a request is to be: as much of JSON Schema as the document says of requests. By
 * our own hand, because whoever is refused is to read what was expected, in words.
 */
final class Schema {
  private static final Set<String> KNOWN = Set.of(
      "type",
      "enum",
      "minimum",
      "maximum",
      "minLength",
      "maxLength",
      "pattern",
      "items",
      "minItems",
      "maxItems",
      "properties",
      "required",
      "additionalProperties",
      // These say nothing that is checked here: times are read by those who use them.
      "format",
      "default",
      "description");

  /** In a text, PostgreSQL cannot keep it, nor look for it. */
  static final char NUL = '\0';

  static final String NO_NUL = "a text without NUL";

  private static final Map<String, String> WORDS = Map.of(
      "string", "a text",
      "integer", "a whole number",
      "boolean", "true or false",
      "object", "an object",
      "array", "a list");

  private final JsonObject json;
  private final Set<String> types;
  private final @Nullable Pattern pattern;
  private final @Nullable Schema items;
  private final Map<String, Schema> properties = new TreeMap<>();
  /** What members without a name of their own are to be; null if there are to be none. */
  private final @Nullable Schema others;

  private final boolean open;

  /** @throws IllegalStateException if it says something that is not checked here */
  Schema(JsonObject schema, References references) {
    this.json = references.follow(schema);
    for (String word : json.fieldNames()) {
      if (!KNOWN.contains(word)) {
        throw new IllegalStateException("schema of a request: " + word + " is not checked");
      }
    }
    Object type = json.getValue("type");
    this.types = type == null
        ? Set.of()
        : type instanceof JsonArray several ? words(several) : Set.of((String) type);
    this.pattern = json.containsKey("pattern") ? Pattern.compile(json.getString("pattern")) : null;
    this.items =
        json.containsKey("items") ? new Schema(json.getJsonObject("items"), references) : null;
    JsonObject members = json.getJsonObject("properties", new JsonObject());
    members
        .fieldNames()
        .forEach(name -> properties.put(name, new Schema(members.getJsonObject(name), references)));
    Object additional = json.getValue("additionalProperties", true);
    this.open = !Boolean.FALSE.equals(additional);
    this.others = additional instanceof JsonObject one ? new Schema(one, references) : null;
  }

  private static Set<String> words(JsonArray array) {
    return array.stream().map(String.class::cast).collect(Collectors.toCollection(TreeSet::new));
  }

  /** Checks what stands in a query, once or several times. */
  void checkTexts(String name, List<String> values) {
    if (items != null) {
      checkSize(name, values.size());
      values.forEach(value -> items.checkText(name, value));
    } else if (values.size() > 1) {
      throw new IllegalArgumentException(
          name + ": " + values.size() + " of them (expected: at most one)");
    } else {
      checkText(name, values.get(0));
    }
  }

  private void checkText(String name, String value) {
    if (types.contains("integer")) {
      if (!value.matches("[0-9]{1,18}")) {
        throw wrong(name, value, range());
      }
      checkRange(name, Long.parseLong(value));
    } else {
      checkString(name, value);
    }
  }

  /** Checks a value of JSON. */
  void check(String name, @Nullable Object value) {
    if (!types.isEmpty() && types.stream().noneMatch(type -> is(type, value))) {
      throw new IllegalArgumentException(name + ": expected " + wanted());
    }
    if (value instanceof String text) {
      checkString(name, text);
    } else if (value instanceof Integer || value instanceof Long) {
      checkRange(name, ((Number) value).longValue());
    } else if (value instanceof JsonArray array) {
      checkSize(name, array.size());
      if (items != null) {
        array.forEach(one -> items.check(name, one));
      }
    } else if (value instanceof JsonObject object) {
      checkMembers(name + ".", object);
    }
  }

  /** Checks a body, whose members are called by their names alone. */
  void checkBody(JsonObject body) {
    checkMembers("", body);
  }

  private static boolean is(String type, @Nullable Object value) {
    return switch (type) {
      case "null" -> value == null;
      case "string" -> value instanceof String;
      case "integer" -> value instanceof Integer || value instanceof Long;
      case "boolean" -> value instanceof Boolean;
      case "object" -> value instanceof JsonObject;
      case "array" -> value instanceof JsonArray;
      default -> throw new IllegalStateException("type " + type + " is not checked");
    };
  }

  private String wanted() {
    return types.stream()
        .filter(type -> !type.equals("null"))
        .map(WORDS::get)
        .collect(Collectors.joining(" or "));
  }

  private void checkString(String name, String value) {
    if (types.contains("string") && value.indexOf(NUL) >= 0) {
      throw wrong(name, value, NO_NUL);
    }
    if (json.containsKey("enum") && !json.getJsonArray("enum").contains(value)) {
      String words = json.getJsonArray("enum").stream()
          .filter(String.class::isInstance)
          .map(String.class::cast)
          .collect(Collectors.joining(", "));
      throw wrong(name, value, words);
    }
    if (pattern != null && !pattern.matcher(value).matches()) {
      throw wrong(name, value, "of the form " + pattern);
    }
    if (value.length() < json.getInteger("minLength", 0)) {
      throw new IllegalArgumentException(name + ": absent (expected: a text)");
    }
    int most = json.getInteger("maxLength", Integer.MAX_VALUE);
    if (value.length() > most) {
      throw wrong(name, value, "at most " + most + " characters");
    }
  }

  private void checkRange(String name, long value) {
    if (value < json.getLong("minimum", Long.MIN_VALUE)
        || value > json.getLong("maximum", Long.MAX_VALUE)) {
      throw wrong(name, Long.toString(value), range());
    }
  }

  private String range() {
    return json.getValue("minimum") + " to " + json.getValue("maximum");
  }

  private void checkSize(String name, int size) {
    int most = json.getInteger("maxItems", Integer.MAX_VALUE);
    if (size > most || size < json.getInteger("minItems", 0)) {
      throw new IllegalArgumentException(name + ": " + size + " of them (expected: "
          + json.getInteger("minItems", 0) + " to " + most + ")");
    }
  }

  private void checkMembers(String prefix, JsonObject object) {
    for (Object name : json.getJsonArray("required", new JsonArray())) {
      if (!object.containsKey((String) name)) {
        throw new IllegalArgumentException(
            prefix + name + ": absent (expected: " + properties.get(name).wanted() + ")");
      }
    }
    for (Map.Entry<String, Object> member : object) {
      Schema known = properties.getOrDefault(member.getKey(), others);
      if (known != null) {
        known.check(prefix + member.getKey(), member.getValue());
      } else if (!open) {
        throw new IllegalArgumentException(Quoted.of(prefix + member.getKey())
            + ": no member of the body (expected: " + names(properties.keySet()) + ")");
      }
    }
  }

  static String names(Set<String> names) {
    return names.isEmpty() ? "none" : String.join(", ", names);
  }

  private static IllegalArgumentException wrong(String name, String value, String expected) {
    return new IllegalArgumentException(
        name + ": " + Quoted.of(value) + " (expected: " + expected + ")");
  }
}
