/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.coap;

import java.net.InetAddress;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * How many handshakes may begin, of one address and of all: a bucket each, which holds what ten
 * seconds bring, and is full at first. Signing costs the server more than asking costs a client, so
 * that a limit of those at a time would not do.
 *
 * <p>Not thread-safe.
 */
final class HandshakeRate {
  static final int BURST_SECONDS = 10;
  private static final long BURST_NANOS = TimeUnit.SECONDS.toNanos(BURST_SECONDS);

  private final long intervalNanos;
  private final long intervalOfAddressNanos;
  private final LongSupplier nanoTime;
  /** When the bucket of all will be full. */
  private long full;
  /**
   * The same of each address that is not full, by its last handshake, the oldest first. Nobody
   * comes in without a place in the bucket of all, which so bounds these.
   */
  private final Map<InetAddress, Long> fullOf = new LinkedHashMap<>();

  /** @param nanoTime grows steadily, as {@link System#nanoTime} */
  HandshakeRate(int perSecond, int ofAddressPerSecond, LongSupplier nanoTime) {
    this.intervalNanos = TimeUnit.SECONDS.toNanos(1) / perSecond;
    this.intervalOfAddressNanos = TimeUnit.SECONDS.toNanos(1) / ofAddressPerSecond;
    this.nanoTime = nanoTime;
    this.full = nanoTime.getAsLong();
  }

  /** Counts a handshake. @return false if that were too many, and then it does not count */
  boolean take(InetAddress from) {
    long now = nanoTime.getAsLong();
    forgetFull(now);
    long next = later(full, now) + intervalNanos;
    long nextOf = later(fullOf.getOrDefault(from, now), now) + intervalOfAddressNanos;
    if (next - now > BURST_NANOS || nextOf - now > BURST_NANOS) {
      return false;
    }
    full = next;
    fullOf.remove(from);
    fullOf.put(from, nextOf);
    return true;
  }

  private static long later(long one, long other) {
    return one - other > 0 ? one : other;
  }

  private void forgetFull(long now) {
    Iterator<Long> times = fullOf.values().iterator();
    while (times.hasNext() && times.next() - now <= 0) {
      times.remove();
    }
  }

  int addresses() {
    return fullOf.size();
  }
}
