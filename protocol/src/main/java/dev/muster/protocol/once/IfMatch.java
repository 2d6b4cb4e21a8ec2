/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.protocol.once;

import dev.muster.protocol.identity.Quoted;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * {@code If-Match} (RFC 9110, 13.1.1): a change is made only to what the caller has seen, so that
 * of two who edit the same thing none undoes unseen what the other did.
 */
public final class IfMatch {
  public static final String HEADER = "If-Match";

  /** Of somebody who does not care. */
  public static final IfMatch ANYTHING = new IfMatch(true, Set.of());

  /** An entity tag (RFC 9110, 8.8.3), and the comma before the next. */
  private static final Pattern TAG =
      Pattern.compile("[ \\t,]*+((?:W/)?\"[!#-~\\x80-\\xff]*\")[ \\t]*(?:,|$)");

  private final boolean anything;
  private final Set<String> tags;

  private IfMatch(boolean anything, Set<String> tags) {
    this.anything = anything;
    this.tags = Set.copyOf(tags);
  }

  /**
   * Reads all headers of that name.
   *
   * @throws IllegalArgumentException if they are neither {@code *} nor entity tags
   */
  public static IfMatch of(List<String> headers) {
    String text = String.join(",", headers).strip();
    if (headers.isEmpty() || text.equals("*")) {
      return ANYTHING;
    }
    Set<String> strong = new LinkedHashSet<>();
    Matcher matcher = TAG.matcher(text);
    int end = 0;
    while (end < text.length()) {
      // At this place alone: to look for one further on takes time, and nothing may be passed over.
      if (!matcher.region(end, text.length()).lookingAt()) {
        throw new IllegalArgumentException(HEADER + ": " + Quoted.of(text)
            + " (expected: the ETag of GET in its quotes, several with commas between, or *)");
      }
      // A weak one never matches: it does not tell apart what a change would.
      if (!matcher.group(1).startsWith("W/")) {
        strong.add(matcher.group(1));
      }
      end = matcher.end();
    }
    if (end == 0) {
      throw new IllegalArgumentException(HEADER + ": empty (expected: the ETag of GET, or *)");
    }
    return new IfMatch(false, strong);
  }

  /** Whether any state will do. */
  public boolean isAnything() {
    return anything;
  }

  /** Whether what has this entity tag, quotes included, may be changed. */
  public boolean admits(String tag) {
    return anything || tags.contains(tag);
  }

  /** The strong ones, quotes included. */
  public Set<String> tags() {
    return tags;
  }
}
