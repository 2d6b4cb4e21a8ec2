/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.internal.twin;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Merge patches (RFC 7396) one after the other, as few as have the same effect. Mostly that is one;
 * but none sets aside what was there for an object, as {@code null} and then the object do.
 */
final class MergePatch {
  private MergePatch() {}

  /** As {@link #append}, of many. */
  static List<Map<String, Object>> concat(
      List<Map<String, Object>> first, List<Map<String, Object>> second) {
    List<Map<String, Object>> all = first;
    for (Map<String, Object> patch : second) {
      all = append(all, patch);
    }
    return all;
  }

  /** The patches and then {@code patch}, joined with those before it as far as that goes. */
  static List<Map<String, Object>> append(
      List<Map<String, Object>> patches, Map<String, Object> patch) {
    if (patch.isEmpty()) {
      return patches;
    }
    int last = patches.size() - 1;
    Map<String, Object> joined = last < 0 ? null : join(patches.get(last), patch);
    if (joined != null) {
      return append(patches.subList(0, last), joined);
    }
    List<Map<String, Object>> longer = new ArrayList<>(patches);
    longer.add(patch);
    return List.copyOf(longer);
  }

  /**
   * A patch with the effect of {@code first} and then {@code second}, in which nulls stay, for they
   * remove; null if there is no such patch.
   */
  private static @Nullable Map<String, Object> join(
      Map<String, Object> first, Map<String, Object> second) {
    Map<String, Object> joined = new LinkedHashMap<>(first);
    for (Map.Entry<String, Object> entry : second.entrySet()) {
      Object value = entry.getValue();
      if (value instanceof Map<?, ?> patch && joined.containsKey(entry.getKey())) {
        Object before = joined.get(entry.getKey());
        value = before instanceof Map<?, ?> object ? join(cast(object), cast(patch)) : null;
        if (value == null) {
          return null;
        }
      }
      joined.put(entry.getKey(), value);
    }
    return joined;
  }

  @SuppressWarnings("unchecked")
  private static Map<String, Object> cast(Map<?, ?> json) {
    return (Map<String, Object>) json; // Read as JSON: its keys are strings.
  }
}
