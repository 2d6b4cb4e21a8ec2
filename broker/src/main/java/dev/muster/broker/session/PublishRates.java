/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.session;

import dev.muster.broker.authz.ClientSubject;
import dev.muster.broker.authz.RateLimit;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.function.LongSupplier;

/**
 * How long each message is to be held, so that its sender keeps to its rate. Of a principal, not of
 * a connection: neither a new connection nor another protocol gives a new burst. Safe for use by
 * several threads.
 */
public final class PublishRates {
  /** Whoever is ahead of its rate by more than this is disconnected. */
  public static final Duration MAX_HOLD = Duration.ofSeconds(5);

  private static final int BURST_SECONDS = 10;
  private static final int SWEEP_AT = 10_000;
  private static final double NANOS = 1e9;

  /** Allocated for no message. */
  private static final Optional<Duration> AT_ONCE = Optional.of(Duration.ZERO);

  private final LongSupplier nanoTime;
  private final ConcurrentMap<ClientSubject, Bucket> buckets = new ConcurrentHashMap<>();
  private volatile int sweepAt = SWEEP_AT;

  /** @param nanoTime grows steadily, as {@link System#nanoTime} */
  public PublishRates(LongSupplier nanoTime) {
    this.nanoTime = nanoTime;
  }

  /**
   * Counts a message.
   *
   * @return how long to hold it; empty if that were too long, and then it does not count
   */
  public Optional<Duration> take(ClientSubject subject, RateLimit limit, int bytes) {
    return take(subject, limit, 1, bytes);
  }

  /** As above, for several that come together, and are held, or refused, together. */
  public Optional<Duration> take(ClientSubject subject, RateLimit limit, int messages, int bytes) {
    if (limit.equals(RateLimit.NONE)) {
      return AT_ONCE;
    }
    long now = nanoTime.getAsLong();
    Bucket bucket = buckets.get(subject);
    if (bucket == null) {
      sweep(now);
      bucket = buckets.computeIfAbsent(subject, s -> new Bucket(limit, now));
    }
    return bucket.take(now, limit, messages, bytes);
  }

  /** Forgets those that have been quiet for a while: a full bucket is as good as a new one. */
  private void sweep(long now) {
    if (buckets.size() >= sweepAt) {
      buckets.values().removeIf(bucket -> bucket.isFull(now));
      sweepAt = Math.max(SWEEP_AT, 2 * buckets.size());
    }
  }

  int size() {
    return buckets.size();
  }

  /** What a principal has left; below zero it waits. */
  private static final class Bucket {
    private RateLimit limit;
    private double messages;
    private double bytes;
    private long last;

    Bucket(RateLimit limit, long now) {
      this.limit = limit;
      this.messages = (double) limit.messagesPerSecond() * BURST_SECONDS;
      this.bytes = (double) limit.bytesPerSecond() * BURST_SECONDS;
      this.last = now;
    }

    /** @param current may be another than before: a policy changes under those connected */
    synchronized Optional<Duration> take(long now, RateLimit current, int count, int payloadBytes) {
      refill(now);
      if (!current.equals(limit)) {
        limit = current;
        refill(now); // What is saved up, or owed, stays, within the new limit.
      }
      double seconds = Math.max(
          wait(messages - count, limit.messagesPerSecond()), wait(bytes, limit.bytesPerSecond()));
      if (seconds * NANOS > MAX_HOLD.toNanos()) {
        return Optional.empty();
      }
      messages -= count;
      // Paid for afterwards: one message may be larger than all that a small rate saves up.
      bytes -= payloadBytes;
      return seconds == 0 ? AT_ONCE : Optional.of(Duration.ofMillis(Math.round(seconds * 1_000)));
    }

    private static double wait(double left, int rate) {
      return rate == 0 || left >= 0 ? 0 : -left / rate;
    }

    synchronized boolean isFull(long now) {
      refill(now);
      return messages >= (double) limit.messagesPerSecond() * BURST_SECONDS
          && bytes >= (double) limit.bytesPerSecond() * BURST_SECONDS;
    }

    private void refill(long now) {
      double seconds = Math.max(0, now - last) / NANOS;
      last = Math.max(last, now);
      messages = refilled(messages, limit.messagesPerSecond(), seconds);
      bytes = refilled(bytes, limit.bytesPerSecond(), seconds);
    }

    private static double refilled(double left, int rate, double seconds) {
      return rate == 0 ? 0 : Math.min((double) rate * BURST_SECONDS, left + rate * seconds);
    }
  }
}
