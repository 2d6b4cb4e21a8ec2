/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.simulator.client;

import java.util.ArrayDeque;
import java.util.Deque;

/**
 * Lets so many devices enroll, or connect, at a time, and keeps the others waiting in order: a
 * start is a few handshakes and signatures, and thousands at once would only time out. Thread-safe.
 */
public final class StartGate {
  private final Deque<Runnable> waiting = new ArrayDeque<>();
  private int free;

  public StartGate(int places) {
    free = places;
  }

  /** Runs {@code start} now or when a place is free; whoever it starts calls {@link #leave}. */
  public void enter(Runnable start) {
    synchronized (this) {
      if (free == 0) {
        waiting.add(start);
        return;
      }
      free--;
    }
    start.run();
  }

  /** Gives a place back. */
  public void leave() {
    Runnable next;
    synchronized (this) {
      next = waiting.poll();
      if (next == null) {
        free++;
        return;
      }
    }
    next.run();
  }

  /** Forgets those who wait. */
  public synchronized void forget() {
    waiting.clear();
  }
}
