/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.inventory;

import dev.muster.protocol.identity.Quoted;
import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Less or more than some time, counted from whenever it is asked: {@code <1h}, {@code >7d}. */
public record Span(boolean less, Duration than) {
  /** Beyond it, no date of a database is sure to be one. */
  private static final Duration LONGEST = Duration.ofDays(36_500);

  private static final Pattern TEXT = Pattern.compile("([<>])([0-9]{1,9})([smhdw])");

  /**
   * Reads it.
   *
   * @param name of what, for the complaint
   * @throws IllegalArgumentException if it is none, or longer than a century
   */
  public static Span parse(String name, String text) {
    Matcher parts = TEXT.matcher(text);
    if (parts.matches()) {
      Duration than = unit(parts.group(3)).multipliedBy(Long.parseLong(parts.group(2)));
      if (than.compareTo(LONGEST) <= 0) {
        return new Span(parts.group(1).equals("<"), than);
      }
    }
    throw new IllegalArgumentException(name + ": " + Quoted.of(text)
        + " (expected: < or >, a number of at most 100 years, and s, m, h, d or w; hint: " + name
        + "<12h, " + name + ">7d)");
  }

  private static Duration unit(String letter) {
    return switch (letter) {
      case "s" -> Duration.ofSeconds(1);
      case "m" -> Duration.ofMinutes(1);
      case "h" -> Duration.ofHours(1);
      case "d" -> Duration.ofDays(1);
      case "w" -> Duration.ofDays(7);
      default -> throw new IllegalStateException("unit: " + letter);
    };
  }
}
