/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.coap;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.eclipse.californium.core.network.Exchange;
import org.eclipse.californium.core.network.KeyMID;
import org.eclipse.californium.core.network.deduplication.Deduplicator;
import org.jspecify.annotations.Nullable;

/**
 * Remembers messages and their answers for the time in which they may come again (RFC 7252, 4.8.2):
 * few of each peer, and not more than a number of all. Californium's own have no bound for all.
 *
 * <p>Thread-safe.
 */
final class RecentMessages implements Deduplicator {
  /** A peer has one request under way at a time (RFC 7252, 4.7), unless it is impolite. */
  private static final int OF_EACH_PEER = 4;

  private static final long SWEEP_SECONDS = 10;

  private record Entry(Exchange exchange, long since) {}

  private final int limit;
  private final long lifetimeNanos;
  private final LongSupplier nanoTime;
  /** The oldest first. */
  private final LinkedHashMap<KeyMID, Entry> messages = new LinkedHashMap<>();

  private final Map<Object, Deque<KeyMID>> ofPeers = new HashMap<>();
  /** The oldest first. Of more than half of all, an address forgets its own, nobody else's. */
  private final Map<InetAddress, Set<KeyMID>> ofAddresses = new HashMap<>();

  private @Nullable ScheduledExecutorService executor;
  private @Nullable ScheduledFuture<?> sweep;

  RecentMessages(int limit, long lifetimeNanos, LongSupplier nanoTime) {
    this.limit = limit;
    this.lifetimeNanos = lifetimeNanos;
    this.nanoTime = nanoTime;
  }

  @Override
  public synchronized void setExecutor(ScheduledExecutorService executor) {
    this.executor = executor;
  }

  @Override
  public synchronized void start() {
    if (executor != null && sweep == null) {
      sweep = executor.scheduleAtFixedRate(
          this::forgetOld, SWEEP_SECONDS, SWEEP_SECONDS, TimeUnit.SECONDS);
    }
  }

  @Override
  public synchronized void stop() {
    if (sweep != null) {
      sweep.cancel(false);
      sweep = null;
    }
    clear();
  }

  @Override
  public synchronized @Nullable Exchange findPrevious(KeyMID key, Exchange exchange) {
    Entry previous = messages.get(key);
    if (previous != null) {
      return previous.exchange();
    }
    add(key, exchange);
    return null;
  }

  @Override
  public synchronized boolean replacePrevious(KeyMID key, Exchange previous, Exchange exchange) {
    remove(key);
    add(key, exchange);
    return true;
  }

  private void add(KeyMID key, Exchange exchange) {
    messages.put(key, new Entry(exchange, nanoTime.getAsLong()));
    Deque<KeyMID> ofPeer = ofPeers.computeIfAbsent(key.getPeer(), peer -> new ArrayDeque<>(2));
    ofPeer.add(key);
    Set<KeyMID> ofAddress =
        ofAddresses.computeIfAbsent(addressOf(key), address -> new LinkedHashSet<>(2));
    ofAddress.add(key);
    if (ofPeer.size() > OF_EACH_PEER) {
      remove(ofPeer.getFirst());
    } else if (ofAddress.size() > Math.max(1, limit / 2)) {
      remove(ofAddress.iterator().next());
    } else if (messages.size() > limit) {
      remove(messages.keySet().iterator().next());
    }
  }

  private static InetAddress addressOf(KeyMID key) {
    return Shares.ownerOf(((InetSocketAddress) key.getPeer()).getAddress());
  }

  private void remove(KeyMID key) {
    messages.remove(key);
    ofAddresses.computeIfPresent(addressOf(key), (address, keys) -> {
      keys.remove(key);
      return keys.isEmpty() ? null : keys;
    });
    ofPeers.computeIfPresent(key.getPeer(), (peer, keys) -> {
      keys.remove(key);
      return keys.isEmpty() ? null : keys;
    });
  }

  synchronized void forgetOld() {
    long oldest = nanoTime.getAsLong() - lifetimeNanos;
    while (!messages.isEmpty()) {
      Map.Entry<KeyMID, Entry> first = messages.entrySet().iterator().next();
      if (first.getValue().since() - oldest >= 0) {
        return;
      }
      remove(first.getKey());
    }
  }

  @Override
  public synchronized @Nullable Exchange find(KeyMID key) {
    Entry found = messages.get(key);
    return found == null ? null : found.exchange();
  }

  @Override
  public synchronized boolean isEmpty() {
    return messages.isEmpty();
  }

  @Override
  public synchronized int size() {
    return messages.size();
  }

  @Override
  public synchronized void clear() {
    messages.clear();
    ofPeers.clear();
    ofAddresses.clear();
  }
}
