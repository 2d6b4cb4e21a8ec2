/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.protocol.topic;

import static java.util.Objects.requireNonNull;

import dev.muster.protocol.identity.Quoted;
import java.util.List;

/**
 * An MQTT topic filter (MQTT 5, 4.7), checked once.
 *
 * <p>{@code $share/...} is not a filter in this sense: strip group and prefix first.
 */
public final class TopicFilter {
  /** MQTT's own limit (MQTT 5, 1.5.4). */
  private static final int MAX_BYTES = 65_535;

  private final String value;
  private final List<String> levels;

  private TopicFilter(String value, List<String> levels) {
    this.value = value;
    this.levels = levels;
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
    List<String> levels = List.of(value.split("/", -1));
    for (int i = 0; i < levels.size(); i++) {
      String level = levels.get(i);
      boolean wildcard = level.indexOf('+') >= 0 || level.indexOf('#') >= 0;
      boolean wellPlaced = level.equals("+") || (level.equals("#") && i == levels.size() - 1);
      if (wildcard && !wellPlaced) {
        throw new IllegalArgumentException("topic filter: " + Quoted.of(value)
            + " (expected: + as a whole level, # as the whole last level)");
      }
    }
    return new TopicFilter(value, levels);
  }

  /** Whether a message published to {@code topic} reaches a subscriber of this filter. */
  public boolean matches(String topic) {
    if (topic.isEmpty() || topic.indexOf('+') >= 0 || topic.indexOf('#') >= 0) {
      return false;
    }
    return covers(topic.split("/", -1));
  }

  /**
   * Whether every topic that {@code other} can match is matched by this filter, too.
   *
   * <p>This, not {@link #matches}, decides about a subscription: {@code a/+} must not be granted by
   * a right to {@code a/b}.
   */
  public boolean covers(TopicFilter other) {
    return covers(other.levels.toArray(String[]::new));
  }

  private boolean covers(String[] asked) {
    // A wildcard at the root does not reach topics that begin with $ (MQTT 5, 4.7.2).
    if (asked[0].startsWith("$") && !levels.get(0).equals(asked[0])) {
      return false;
    }
    for (int i = 0; i < levels.size(); i++) {
      String granted = levels.get(i);
      if (granted.equals("#")) {
        return true;
      }
      if (i >= asked.length || asked[i].equals("#")) {
        return false;
      }
      if (!granted.equals("+") && !granted.equals(asked[i])) {
        return false;
      }
    }
    return asked.length == levels.size();
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
