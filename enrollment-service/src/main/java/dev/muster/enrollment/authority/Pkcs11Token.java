/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.authority;

import dev.muster.protocol.identity.Quoted;
import java.nio.file.Path;

/**
 * A PKCS#11 token, initialized by its owner: a hardware security module, or a slot of one.
 *
 * @param library of its maker, an absolute path
 * @param label of the token; slots may be numbered anew, labels stay
 * @param pinFile holds the user PIN, readable by the owner alone
 */
public record Pkcs11Token(Path library, String label, Path pinFile) {
  /** @throws IllegalArgumentException naming the part and what is expected */
  public Pkcs11Token {
    if (pinFile.toString().isEmpty()) {
      throw new IllegalArgumentException(
          "pinFile: none (expected: a file that holds the user PIN)");
    }
    // What the JDK's own reader of its PKCS#11 settings would take apart.
    if (!library.isAbsolute() || !library.toString().matches("[^\\s\"'$#]+")) {
      throw new IllegalArgumentException("library: " + Quoted.of(library.toString())
          + " (expected: an absolute path without spaces, quotes, $ and #)");
    }
    if (label.isBlank() || label.length() > 32) {
      throw new IllegalArgumentException(
          "tokenLabel: " + Quoted.of(label) + " (expected: 1 to 32 characters)");
    }
  }

  @Override
  public String toString() {
    return "token \"" + label + "\"";
  }
}
