/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.operator;

import dev.muster.protocol.identity.Quoted;
import io.vertx.core.json.JsonObject;
import org.jspecify.annotations.Nullable;

/** Why an operator decides as he does, in a line of his own words, which a device may hear. */
final class Remark {
  private static final int MAX = 200;

  private Remark() {}

  /** The {@code reason} in a body; null if there is none. */
  static @Nullable String of(JsonObject body) {
    String text = Work.optional(body, "reason");
    if (text == null || text.isBlank()) {
      return null;
    }
    if (text.length() > MAX || text.codePoints().anyMatch(Remark::breaksTheLine)) {
      throw Work.badRequest(
          "reason: " + Quoted.of(text) + " (expected: one line of at most " + MAX + " characters)");
    }
    return text.strip();
  }

  private static boolean breaksTheLine(int codePoint) {
    return switch (Character.getType(codePoint)) {
      case Character.CONTROL,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR,
          Character.SURROGATE -> true;
      default -> false;
    };
  }
}
