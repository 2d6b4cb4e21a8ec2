/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.simulator.scenario;

import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** Guesses what somebody meant who mistyped a word. */
final class Similar {
  /** So many letters may be others, missing or too many. */
  private static final int TYPOS = 2;

  private static final int SHORTEST_PART = 4;

  private Similar() {}

  /** The known word that is most like it; empty if none is. */
  static Optional<String> of(String word, List<String> known) {
    String lower = word.toLowerCase(Locale.ROOT);
    return known.stream()
        .filter(one -> distance(lower, one) <= Math.min(TYPOS, one.length() / 2))
        .min(Comparator.comparingInt(one -> distance(lower, one)))
        .or(() -> known.stream()
            .filter(one -> lower.length() >= SHORTEST_PART && one.contains(lower))
            .findFirst());
  }

  /** Levenshtein's. */
  private static int distance(String one, String other) {
    int[] row = new int[other.length() + 1];
    for (int j = 0; j < row.length; j++) {
      row[j] = j;
    }
    for (int i = 1; i <= one.length(); i++) {
      int diagonal = row[0];
      row[0] = i;
      for (int j = 1; j < row.length; j++) {
        int replaced = diagonal + (one.charAt(i - 1) == other.charAt(j - 1) ? 0 : 1);
        diagonal = row[j];
        row[j] = Math.min(replaced, Math.min(row[j], row[j - 1]) + 1);
      }
    }
    return row[other.length()];
  }
}
