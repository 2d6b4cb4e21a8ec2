/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.ocsp;

import dev.muster.enrollment.inventory.IssuedStatus;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Answers that were signed before; those go that nobody has asked for longest. Those about
 * certificates in use are kept apart: the numbers of the others stand on the CRL, for anybody to
 * ask.
 *
 * <p>Thread-safe.
 */
final class KeptAnswers {
  private final Map<String, Kept> inUse;
  private final Map<String, Kept> takenBack;

  /** @param most of either */
  KeptAnswers(int most) {
    inUse = newShelf(most);
    takenBack = newShelf(most);
  }

  /** @param status what it says */
  record Kept(IssuedStatus status, OcspAnswer answer) {}

  private static Map<String, Kept> newShelf(int most) {
    return new LinkedHashMap<String, Kept>(16, 0.75f, true) {
      private static final long serialVersionUID = 1;

      @Override
      protected boolean removeEldestEntry(Map.Entry<String, Kept> eldest) {
        return size() > most;
      }
    };
  }

  synchronized Optional<Kept> find(String key) {
    @Nullable Kept found = inUse.get(key);
    return Optional.ofNullable(found == null ? takenBack.get(key) : found);
  }

  synchronized void put(String key, Kept answer) {
    boolean isBack = answer.status.isTakenBack();
    (isBack ? takenBack : inUse).put(key, answer);
    (isBack ? inUse : takenBack).remove(key);
  }
}
