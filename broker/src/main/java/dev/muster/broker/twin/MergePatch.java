/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.twin;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.muster.broker.state.StrictJson;
import org.jspecify.annotations.Nullable;

/** JSON merge patch (RFC 7396), and its reverse. Changes none of its arguments. */
final class MergePatch {
  private MergePatch() {}

  /** A document with a patch on it: null removes, objects are merged, all else replaces. */
  static ObjectNode apply(ObjectNode target, ObjectNode patch) {
    ObjectNode result = JsonNodeFactory.instance.objectNode();
    result.setAll(target);
    patch.properties().forEach(member -> {
      JsonNode value = member.getValue();
      if (value.isNull()) {
        result.remove(member.getKey());
      } else {
        result.set(member.getKey(), patched(target.get(member.getKey()), value));
      }
    });
    return result;
  }

  private static JsonNode patched(@Nullable JsonNode old, JsonNode value) {
    if (value instanceof ObjectNode patch) {
      return apply(
          old instanceof ObjectNode target ? target : JsonNodeFactory.instance.objectNode(), patch);
    }
    return value;
  }

  /**
   * What is missing: the members of {@code wanted} that {@code actual} lacks, or has otherwise.
   * What only {@code actual} has is its own affair.
   */
  static ObjectNode delta(ObjectNode wanted, ObjectNode actual) {
    ObjectNode delta = JsonNodeFactory.instance.objectNode();
    wanted.properties().forEach(member -> {
      JsonNode value = member.getValue();
      JsonNode there = actual.get(member.getKey());
      if (value instanceof ObjectNode wantedPart && there instanceof ObjectNode actualPart) {
        ObjectNode part = delta(wantedPart, actualPart);
        if (!part.isEmpty()) {
          delta.set(member.getKey(), part);
        }
      } else if (there == null || !StrictJson.isSame(value, there)) {
        delta.set(member.getKey(), value);
      }
    });
    return delta;
  }
}
