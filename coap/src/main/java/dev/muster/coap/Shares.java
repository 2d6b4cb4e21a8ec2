/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.coap;

import java.net.InetAddress;
import java.util.HashMap;
import java.util.Map;

/**
 * Counts who has how much of something that is scarce. One address may have half of it, so that
 * nobody alone can keep it from all others.
 *
 * <p>Not thread-safe.
 */
final class Shares {
  private final int limit;
  private final Map<InetAddress, Integer> taken = new HashMap<>();
  private int sum;

  Shares(int limit) {
    this.limit = limit;
  }

  boolean isLeftFor(InetAddress address) {
    return sum < limit && isWithinShare(address);
  }

  /** Whatever others have. */
  boolean isWithinShare(InetAddress address) {
    return taken.getOrDefault(address, 0) < Math.max(1, limit / 2);
  }

  void take(InetAddress address) {
    taken.merge(address, 1, Integer::sum);
    sum++;
  }

  void giveBack(InetAddress address) {
    taken.computeIfPresent(address, (same, count) -> count == 1 ? null : count - 1);
    sum--;
  }

  int sum() {
    return sum;
  }
}
