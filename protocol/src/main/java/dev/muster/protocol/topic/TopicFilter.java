/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.protocol.topic;

import static java.util.Objects.requireNonNull;

import dev.muster.protocol.identity.Quoted;

/**
 * An MQTT topic filter (MQTT 5, 4.7), checked once.
 *
 * <p>{@code $share/...} is not a filter in this sense: strip group and prefix first.
 *
 * <p>One is no more than its text, and matching allocates nothing: brokers have many, and ask them
 * often.
 */
public final class TopicFilter {
  /** MQTT's own limit (MQTT 5, 1.5.4). */
  private static final int MAX_BYTES = 65_535;

  /** Where there is no further level. */
  private static final int NONE = -1;

  private final String value;

  private TopicFilter(String value) {
    this.value = value;
  }

  /**
   * @throws IllegalArgumentException if it is empty, too long, holds NUL, or has a wildcard that is
   *     not a whole level
   */
  public static TopicFilter of(String value) {
    requireNonNull(value, "value");
    if (value.isEmpty() || value.length() > MAX_BYTES || value.indexOf('\0') >= 0) {
      throw new IllegalArgumentException(
          "topic filter: " + Quoted.of(value) + " (expected: 1 to 65535 bytes, no NUL)");
    }
    String[] levels = value.split("/", -1);
    for (int i = 0; i < levels.length; i++) {
      String level = levels[i];
      boolean wildcard = level.indexOf('+') >= 0 || level.indexOf('#') >= 0;
      boolean wellPlaced = level.equals("+") || (level.equals("#") && i == levels.length - 1);
      if (wildcard && !wellPlaced) {
        throw new IllegalArgumentException("topic filter: " + Quoted.of(value)
            + " (expected: + as a whole level, # as the whole last level)");
      }
    }
    return new TopicFilter(value);
  }

  /** Whether a message published to {@code topic} reaches a subscriber of this filter. */
  public boolean matches(String topic) {
    if (topic.isEmpty() || topic.indexOf('+') >= 0 || topic.indexOf('#') >= 0) {
      return false;
    }
    return covers(topic);
  }

  /**
   * Whether every topic that {@code other} can match is matched by this filter, too.
   *
   * <p>This, not {@link #matches}, decides about a subscription: {@code a/+} must not be granted by
   * a right to {@code a/b}.
   */
  public boolean covers(TopicFilter other) {
    return covers(other.value);
  }

  private boolean covers(String asked) {
    // A wildcard at the root does not reach topics that begin with $ (MQTT 5, 4.7.2).
    if (asked.startsWith("$") && !sameLevel(0, asked, 0)) {
      return false;
    }
    int mine = 0;
    int its = 0;
    while (mine != NONE) {
      if (isLevel(value, mine, '#')) {
        return true;
      }
      if (its == NONE || isLevel(asked, its, '#')) {
        return false;
      }
      if (!isLevel(value, mine, '+') && !sameLevel(mine, asked, its)) {
        return false;
      }
      mine = next(value, mine);
      its = next(asked, its);
    }
    return its == NONE;
  }

  private boolean sameLevel(int start, String other, int otherStart) {
    int length = end(value, start) - start;
    return end(other, otherStart) - otherStart == length
        && value.regionMatches(start, other, otherStart, length);
  }

  /** Whether a level is that character and nothing else. */
  private static boolean isLevel(String text, int start, char wildcard) {
    return start < text.length() && text.charAt(start) == wildcard && end(text, start) == start + 1;
  }

  private static int end(String text, int start) {
    int slash = text.indexOf('/', start);
    return slash < 0 ? text.length() : slash;
  }

  private static int next(String text, int start) {
    int end = end(text, start);
    return end == text.length() ? NONE : end + 1;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof TopicFilter that && value.equals(that.value);
  }

  @Override
  public int hashCode() {
    return value.hashCode();
  }

  @Override
  public String toString() {
    return value;
  }
}
