/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.inventory;

import dev.muster.protocol.identity.Quoted;
import java.util.regex.Pattern;

/**
 * A page of the dashboard with all that it shows, by a name.
 *
 * @param path below the origin, so that it leads nowhere else
 */
public record SavedView(String name, String path) {
  private static final int MAX_NAME = 64;
  private static final int MAX_PATH = 2_000;
  /** A second slash would make it the address of another server. */
  private static final Pattern PATH = Pattern.compile("/(?![/\\\\])[!-~&&[^\\\\]]*");

  public SavedView {
    if (name.isBlank()
        || name.length() > MAX_NAME
        || name.chars().anyMatch(Character::isISOControl)) {
      throw new IllegalArgumentException(
          "name: " + Quoted.of(name) + " (expected: 1 to " + MAX_NAME + " characters)");
    }
    if (path.length() > MAX_PATH || !PATH.matcher(path).matches()) {
      throw new IllegalArgumentException("path: " + Quoted.of(path) + " (expected: at most "
          + MAX_PATH + " characters, such as /devices?q=status:active)");
    }
  }
}
