/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.internal.twin;

import java.util.LinkedHashMap;
import java.util.Map;

/** Merge patches (RFC 7396) one after the other, as one. */
final class MergePatch {
  private MergePatch() {}

  /** A patch with the effect of {@code first} and then {@code second}: nulls stay, they remove. */
  static Map<String, Object> join(Map<String, Object> first, Map<String, Object> second) {
    Map<String, Object> joined = new LinkedHashMap<>(first);
    second.forEach((name, value) -> {
      Object before = joined.get(name);
      if (value instanceof Map<?, ?> patch && before instanceof Map<?, ?> object) {
        joined.put(name, join(cast(object), cast(patch)));
      } else {
        joined.put(name, value);
      }
    });
    return joined;
  }

  @SuppressWarnings("unchecked")
  private static Map<String, Object> cast(Map<?, ?> json) {
    return (Map<String, Object>) json; // Read as JSON: its keys are strings.
  }
}
