/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.twin;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * What a device should be like, and what it says it is like.
 *
 * @param appliedVersion the version of desired that it says it has taken over; 0: none
 */
public record Twin(Part desired, Part reported, long appliedVersion) {
  /** How long each part may be, as compact JSON in UTF-8. */
  public static final int MAX_BYTES = 32 * 1024;

  /** The twin of a device about which nothing was said yet. */
  static final Twin NONE = new Twin(Part.EMPTY, Part.EMPTY, 0);

  /**
   * One of the two documents.
   *
   * @param version counts its changes
   * @param content not to be changed
   * @param changedAt null: never
   */
  public record Part(
      long version, ObjectNode content, @Nullable Instant changedAt) {
    static final Part EMPTY = new Part(0, JsonNodeFactory.instance.objectNode(), null);
  }

  /** What the device has not taken over yet. */
  public ObjectNode delta() {
    return MergePatch.delta(desired.content(), reported.content());
  }
}
