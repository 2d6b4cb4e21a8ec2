/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.simulator.report;

import java.util.Map;

/** Text inside a page. */
final class Html {
  private static final Map<Character, String> ENTITIES =
      Map.of('<', "&lt;", '>', "&gt;", '&', "&amp;", '"', "&quot;", '\'', "&#39;");

  private Html() {}

  /** Reasons come from servers, names from files: nothing of them may be markup. */
  static String text(String text) {
    StringBuilder escaped = new StringBuilder(text.length());
    for (char c : text.toCharArray()) {
      escaped.append(ENTITIES.getOrDefault(c, String.valueOf(c)));
    }
    return escaped.toString();
  }

  /** JSON inside a script element, which ends at the first end tag, whatever is around it. */
  static String json(String json) {
    return json.replace("<", "\\u003c");
  }
}
