/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.internal.connection;

import static java.util.Objects.requireNonNull;

import dev.muster.device.DeviceClosedException;
import dev.muster.device.PublishException;
import dev.muster.device.PublishQueueFullException;
import dev.muster.device.PublishReceipt;
import dev.muster.device.PublishRefusedException;
import dev.muster.protocol.telemetry.MessageIdentity;
import dev.muster.protocol.topic.FleetTopics;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;

/**
 * What has not been acknowledged: waiting or in flight, in the order of submission. In memory only,
 * and bounded. {@link #submit} may be called by any thread; the rest by the owner thread.
 *
 * <p>A message leaves the count only when its future is completed, so a caller that is slow to
 * notice acknowledgements meets the limit, too.
 */
public final class OutboundQueue {
  private static final int FIRST_FAILURE = 0x80;

  /** A message on its way. */
  record Entry(
      String stream,
      byte[] payload,
      MessageIdentity identity,
      CompletableFuture<@Nullable Void> acknowledged) {}

  private final String boot;
  private final int maxMessages;
  private final long maxBytes;
  private final Executor callbacks;
  private final Object lock = new Object();
  private final Deque<Entry> waiting = new ArrayDeque<>();
  private final Map<Long, Entry> inFlight = new LinkedHashMap<>();
  private Runnable wakeUp = () -> {};
  private long lastSequence;
  private int messages;
  private long bytes;
  private boolean closed;
  private long acknowledged;
  private long refused;
  private long overflowed;

  public OutboundQueue(String boot, int maxMessages, long maxBytes, Executor callbacks) {
    this.boot = requireNonNull(boot, "boot");
    this.maxMessages = maxMessages;
    this.maxBytes = maxBytes;
    this.callbacks = callbacks;
  }

  /** Takes a message, or says at once why not. */
  public PublishReceipt submit(String stream, byte[] payload) {
    FleetTopics.checkName("stream", stream);
    Runnable wake;
    Entry entry;
    synchronized (lock) {
      MessageIdentity identity = new MessageIdentity(boot, ++lastSequence);
      PublishException obstacle = obstacle(payload.length);
      if (obstacle != null) {
        return new PublishReceipt(identity, CompletableFuture.failedFuture(obstacle));
      }
      entry = new Entry(stream, payload, identity, new CompletableFuture<>());
      waiting.add(entry);
      messages++;
      bytes += payload.length;
      wake = wakeUp;
    }
    wake.run();
    return new PublishReceipt(entry.identity(), entry.acknowledged());
  }

  private @Nullable PublishException obstacle(int size) {
    if (closed) {
      return new DeviceClosedException("the device is closed");
    }
    if (messages >= maxMessages || bytes + size > maxBytes) {
      overflowed++;
      return new PublishQueueFullException("queue: full with " + messages + " messages, " + bytes
          + " bytes (expected: at most " + maxMessages + " messages, " + maxBytes + " bytes)");
    }
    return null;
  }

  /** Calls {@code task} on the submitting thread after each submission; it must not block. */
  void onSubmit(Runnable task) {
    synchronized (lock) {
      wakeUp = task;
    }
  }

  /** Moves the next message into flight; null if there is none. */
  @Nullable Entry takeNext() {
    synchronized (lock) {
      Entry entry = waiting.poll();
      if (entry != null) {
        inFlight.put(entry.identity().sequence(), entry);
      }
      return entry;
    }
  }

  int inFlight() {
    synchronized (lock) {
      return inFlight.size();
    }
  }

  boolean isEmpty() {
    synchronized (lock) {
      return waiting.isEmpty() && inFlight.isEmpty();
    }
  }

  /** The connection is gone: what was in flight is next again, in its old order. */
  void returnInFlight() {
    synchronized (lock) {
      List<Entry> entries = new ArrayList<>(inFlight.values());
      inFlight.clear();
      for (int i = entries.size() - 1; i >= 0; i--) {
        waiting.addFirst(entries.get(i));
      }
    }
  }

  /** The broker has decided. */
  void settle(long sequence, int reason, String detail) {
    Entry entry;
    synchronized (lock) {
      entry = inFlight.remove(sequence);
      if (entry == null) {
        return; // Settled before: a late answer of a former connection.
      }
      if (reason < FIRST_FAILURE) {
        acknowledged++;
      } else {
        refused++;
      }
    }
    complete(entry, reason < FIRST_FAILURE ? null : new PublishRefusedException(reason, detail));
  }

  /** Refuses everything new. */
  void close() {
    synchronized (lock) {
      closed = true;
    }
  }

  /** Gives up what is left. */
  public void abandon(String reason) {
    List<Entry> left = new ArrayList<>();
    synchronized (lock) {
      closed = true;
      left.addAll(inFlight.values());
      left.addAll(waiting);
      inFlight.clear();
      waiting.clear();
    }
    for (Entry entry : left) {
      complete(entry, new DeviceClosedException(reason));
    }
  }

  /** The counts, taken together: waiting, its bytes, acknowledged, refused, overflowed. */
  public Counts counts() {
    synchronized (lock) {
      return new Counts(messages, bytes, acknowledged, refused, overflowed);
    }
  }

  /** See {@link #counts}. */
  public record Counts(
      int messages, long bytes, long acknowledged, long refused, long overflowed) {}

  private void complete(Entry entry, @Nullable PublishException failure) {
    Runnable task = () -> {
      synchronized (lock) {
        messages--;
        bytes -= entry.payload().length;
      }
      if (failure == null) {
        entry.acknowledged().complete(null);
      } else {
        entry.acknowledged().completeExceptionally(failure);
      }
    };
    try {
      callbacks.execute(task);
    } catch (RejectedExecutionException e) {
      task.run();
    }
  }
}
