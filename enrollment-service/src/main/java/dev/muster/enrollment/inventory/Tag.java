/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.inventory;

import dev.muster.protocol.identity.Quoted;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * What an operator notes about a device: {@code site=hall 3}. A device has one value for a name.
 *
 * @param name 1 to 32 of {@code [a-z0-9._-]}, starting with a letter or digit
 * @param value 1 to 64 of letters, digits, {@code ._:/@+-} and space, the latter inside only
 */
public record Tag(String name, String value) {
  private static final Pattern NAME = Pattern.compile("[a-z0-9][a-z0-9._-]{0,31}");
  private static final Pattern VALUE =
      Pattern.compile("[A-Za-z0-9._:/@+-]([A-Za-z0-9._:/@+ -]{0,62}[A-Za-z0-9._:/@+-])?");

  /** How many a device may have. */
  public static final int MAX = 32;

  /** @throws IllegalArgumentException if name or value do not keep to the grammar */
  public Tag {
    checkName(name);
    if (!VALUE.matcher(value).matches()) {
      throw new IllegalArgumentException("tag " + name + ": " + Quoted.of(value)
          + " (expected: 1 to 64 of [A-Za-z0-9._:/@+-], spaces inside only)");
    }
  }

  /** @throws IllegalArgumentException if it would not do as a name */
  public static String checkName(String name) {
    if (!NAME.matcher(name).matches()) {
      throw new IllegalArgumentException("tag: " + Quoted.of(name)
          + " (expected: 1 to 32 of [a-z0-9._-], starting with a letter or digit)");
    }
    return name;
  }

  /** Reads {@code name=value}; a bare name is true. @throws IllegalArgumentException if unfit */
  public static Tag parse(String text) {
    int equals = text.indexOf('=');
    return equals < 0
        ? new Tag(text.strip(), "true")
        : new Tag(text.substring(0, equals).strip(), text.substring(equals + 1).strip());
  }

  /**
   * Reads several, with semicolons or commas between, as manifests have them.
   *
   * @return in the order in which they stand there
   * @throws IllegalArgumentException if one is none, or if there are too many or two of one name
   */
  public static Map<String, String> parseAll(String text) {
    Map<String, String> tags = new LinkedHashMap<>();
    for (String part : text.split("[;,]", -1)) {
      if (!part.isBlank()) {
        Tag tag = parse(part.strip());
        if (tags.put(tag.name, tag.value) != null) {
          throw new IllegalArgumentException("tag: " + Quoted.of(tag.name) + " twice");
        }
      }
    }
    return checkCount(tags);
  }

  /** @throws IllegalArgumentException if these are more than a device may have */
  public static Map<String, String> checkCount(Map<String, String> tags) {
    if (tags.size() > MAX) {
      throw new IllegalArgumentException(
          "tags: " + tags.size() + " (expected: at most " + MAX + " for one device)");
    }
    return tags;
  }
}
