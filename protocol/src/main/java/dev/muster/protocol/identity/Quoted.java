/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.protocol.identity;

/** Makes what a stranger sent safe to show in a message or a log line. */
public final class Quoted {
  private static final int MAX_CHARS = 80;

  private Quoted() {}

  /**
   * {@code value} in double quotes, cut at 80 characters, everything but printable ASCII escaped.
   */
  public static String of(String value) {
    StringBuilder quoted = new StringBuilder("\"");
    int shown = Math.min(value.length(), MAX_CHARS);
    for (int i = 0; i < shown; i++) {
      char c = value.charAt(i);
      if (c == '"' || c == '\\') {
        quoted.append('\\').append(c);
      } else if (c >= 0x20 && c < 0x7f) {
        quoted.append(c);
      } else {
        quoted.append(String.format("\\u%04x", (int) c));
      }
    }
    return quoted.append(shown < value.length() ? "..." : "").append('"').toString();
  }
}
