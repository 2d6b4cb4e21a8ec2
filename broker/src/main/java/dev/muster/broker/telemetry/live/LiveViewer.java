/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.telemetry.live;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Somebody who looks on. However slowly he does, only the newest value of each series waits for
 * him. Safe for use by several threads.
 */
public final class LiveViewer {
  /** How many series a viewer sees at most; of others he is told how often he missed them. */
  public static final int MAX_SERIES = 2_000;

  private record Key(String device, String stream, String metric) {}

  private final LiveFilter filter;
  private final Map<Key, Slot> slots = new ConcurrentHashMap<>();
  private final AtomicLong missed = new AtomicLong();

  /** The newest value of a series, and whether it was taken. */
  private static final class Slot {
    private @Nullable LiveValue newest;
    private boolean waiting;

    synchronized void put(LiveValue value) {
      LiveValue before = newest;
      if (before == null || isNews(value, before)) {
        newest = value;
        waiting = true;
      }
    }

    /** What is sent again is none. */
    private static boolean isNews(LiveValue value, LiveValue before) {
      return !value.time().isBefore(before.time()) && !value.equals(before);
    }

    synchronized @Nullable LiveValue take() {
      LiveValue taken = waiting ? newest : null;
      waiting = false;
      return taken;
    }
  }

  LiveViewer(LiveFilter filter) {
    this.filter = filter;
  }

  LiveFilter filter() {
    return filter;
  }

  /** Called by the feed's one thread. */
  void offer(LiveValue value) {
    Key key = new Key(value.device(), value.stream(), value.metric());
    Slot slot = slots.get(key);
    if (slot == null) {
      if (slots.size() >= MAX_SERIES) {
        miss(1);
        return;
      }
      slot = slots.computeIfAbsent(key, any -> new Slot());
    }
    slot.put(value);
  }

  /** The newest values since the last call. */
  public List<LiveValue> take() {
    List<LiveValue> taken = new ArrayList<>();
    for (Slot slot : slots.values()) {
      LiveValue value = slot.take();
      if (value != null) {
        taken.add(value);
      }
    }
    return taken;
  }

  /** Notes that so many were not shown. */
  void miss(long more) {
    missed.addAndGet(more);
  }

  /**
   * How many values were not shown because they are of too many series, and messages because more
   * came than can be shown.
   */
  public long missed() {
    return missed.get();
  }
}
