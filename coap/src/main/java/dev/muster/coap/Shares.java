/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.coap;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/**
 * Counts who has how much of something that is scarce. One address may have half of it, so that
 * nobody alone can keep it from all others.
 *
 * <p>Not thread-safe.
 */
final class Shares {
  private static final int NETWORK = 8;
  private static final int ADDRESS = 16;

  private final int limit;
  private final Map<InetAddress, Integer> taken = new HashMap<>();
  private int sum;

  Shares(int limit) {
    this.limit = limit;
  }

  /**
   * Who has one address of IPv6 has a whole network of them as a rule (RFC 6177): they count as
   * one.
   */
  static InetAddress ownerOf(InetAddress address) {
    if (!(address instanceof Inet6Address)) {
      return address;
    }
    byte[] network = Arrays.copyOf(Arrays.copyOf(address.getAddress(), NETWORK), ADDRESS);
    try {
      return InetAddress.getByAddress(network);
    } catch (UnknownHostException e) {
      throw new IllegalStateException(e);
    }
  }

  boolean isLeftFor(InetAddress address) {
    return !isUsedUp() && isWithinShare(address);
  }

  boolean isUsedUp() {
    return sum >= limit;
  }

  /** Whatever others have. */
  boolean isWithinShare(InetAddress address) {
    return taken.getOrDefault(ownerOf(address), 0) < Math.max(1, limit / 2);
  }

  void take(InetAddress address) {
    taken.merge(ownerOf(address), 1, Integer::sum);
    sum++;
  }

  void giveBack(InetAddress address) {
    taken.computeIfPresent(ownerOf(address), (same, count) -> count == 1 ? null : count - 1);
    sum--;
  }

  int sum() {
    return sum;
  }
}
