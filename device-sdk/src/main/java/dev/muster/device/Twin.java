/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device;

import java.util.Map;
import java.util.function.Consumer;

/**
 * What a device should be like, and what it is like: two objects of JSON, as plain values (maps,
 * lists, texts, {@link Long}, {@link Double}, booleans). Thread-safe; no method blocks.
 */
public interface Twin {
  /**
   * Calls {@code listener} with what the device should be like: at once if that is known, from the
   * disk even without a connection, and whenever it changes. It is called on the callback thread,
   * and should return soon (see {@link FleetDevice}).
   *
   * <p>When all listeners have returned, the backend is told that the device has taken this version
   * over; if one throws, it is not, and the exception is logged.
   */
  void onDesired(Consumer<Map<String, Object>> listener);

  /** What the device should be like, as last heard; empty before it was ever told. */
  Map<String, Object> desired();

  /** The version of {@link #desired}; 0 before the device was ever told. */
  long desiredVersion();

  /**
   * Reports what the device is like: a merge patch (RFC 7396), in which null removes. What cannot
   * be sent now is kept, on disk within a second, joined with what is reported later, and sent.
   *
   * @throws IllegalArgumentException if a value is none of JSON, or if too much waits already
   */
  void report(Map<String, ?> patch);
}
