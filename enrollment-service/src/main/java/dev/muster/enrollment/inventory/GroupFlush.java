/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.inventory;

/**
 * Lets many committers share one flush: whoever arrives while a flush runs waits for the next one,
 * which serves all that came meanwhile.
 *
 * <p>Thread-safe; {@link #flush} blocks.
 */
final class GroupFlush {
  private final Runnable flush;
  private long begun;
  private long done;
  private boolean running;

  GroupFlush(Runnable flush) {
    this.flush = flush;
  }

  /** Returns when a flush that began after this call has succeeded; throws what it throws. */
  void flush() {
    long wanted;
    synchronized (this) {
      wanted = begun + 1;
      while (running && done < wanted) {
        await();
      }
      if (done >= wanted) {
        return;
      }
      running = true;
      begun++;
    }
    boolean succeeded = false;
    try {
      flush.run();
      succeeded = true;
    } finally {
      synchronized (this) {
        running = false;
        if (succeeded) {
          done = begun;
        }
        notifyAll();
      }
    }
  }

  private void await() {
    try {
      wait();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while waiting for a flush", e);
    }
  }
}
