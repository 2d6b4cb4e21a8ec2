/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.session;

import java.util.LinkedHashMap;
import java.util.Map;

/** What clients have us remember: it is not worth memory without end. */
final class RecentlyUsed {
  private RecentlyUsed() {}

  /** A map in the order of use, the newest last; what was used longest ago makes room. */
  static <K, V> Map<K, V> atMost(int most) {
    return new LinkedHashMap<>(16, 0.75f, true) {
      @Override
      protected boolean removeEldestEntry(Map.Entry<K, V> eldest) {
        return size() > most;
      }
    };
  }
}
