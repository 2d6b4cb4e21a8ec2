/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.coap;

import java.net.InetSocketAddress;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.LongSupplier;
import org.eclipse.californium.core.coap.Request;

/**
 * The bodies that come, or go, in blocks. Each may have all of its memory taken before anybody
 * looks at it, so that they are counted by address.
 *
 * <p>Thread-safe.
 */
final class Transfers {
  /** As the layer keeps them: whoever begins the same again takes no other place. */
  record Key(InetSocketAddress peer, String path) {}

  static Key keyOf(Request request) {
    return new Key(
        request.getSourceContext().getPeerAddress(), request.getOptions().getUriString());
  }

  private final Shares shares;
  private final long lifetimeNanos;
  private final LongSupplier nanoTime;
  /** By the time of the last block, the oldest first. */
  private final Map<Key, Long> underWay = new LinkedHashMap<>();

  Transfers(int limit, long lifetimeNanos, LongSupplier nanoTime) {
    this.shares = new Shares(limit);
    this.lifetimeNanos = lifetimeNanos;
    this.nanoTime = nanoTime;
  }

  /** The first block has come. @return whether there is room for what follows */
  synchronized boolean begin(Key key) {
    long now = nanoTime.getAsLong();
    forgetBefore(now - lifetimeNanos);
    if (underWay.remove(key) == null) {
      if (!shares.isLeftFor(key.peer().getAddress())) {
        return false;
      }
      shares.take(key.peer().getAddress());
    }
    underWay.put(key, now);
    return true;
  }

  /** Whether {@link #begin} would find room. */
  synchronized boolean isLeftFor(Key key) {
    forgetBefore(nanoTime.getAsLong() - lifetimeNanos);
    return underWay.containsKey(key) || shares.isLeftFor(key.peer().getAddress());
  }

  /** Another block has come. */
  synchronized void goOn(Key key) {
    if (underWay.remove(key) != null) {
      underWay.put(key, nanoTime.getAsLong());
    }
  }

  synchronized void end(Key key) {
    if (underWay.remove(key) != null) {
      shares.giveBack(key.peer().getAddress());
    }
  }

  private void forgetBefore(long oldest) {
    Iterator<Map.Entry<Key, Long>> entries = underWay.entrySet().iterator();
    while (entries.hasNext()) {
      Map.Entry<Key, Long> entry = entries.next();
      if (entry.getValue() - oldest >= 0) {
        return;
      }
      shares.giveBack(entry.getKey().peer().getAddress());
      entries.remove();
    }
  }
}
