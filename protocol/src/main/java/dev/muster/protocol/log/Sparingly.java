/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.protocol.log;

import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongConsumer;
import java.util.function.LongSupplier;

/**
 * For what anybody can have logged as often as he likes: says one of a second, and how many it has
 * not said before that. Thread-safe.
 */
public final class Sparingly {
  private static final long PAUSE_NS = 1_000_000_000L;

  private final LongSupplier nanoTime;
  private final AtomicLong next;
  private final LongAdder unsaid = new LongAdder();

  /** @param nanoTime grows steadily, as {@link System#nanoTime} */
  public Sparingly(LongSupplier nanoTime) {
    this.nanoTime = nanoTime;
    this.next = new AtomicLong(nanoTime.getAsLong());
  }

  /** @param said is given how many went unsaid since the last one */
  public void say(LongConsumer said) {
    long due = next.get();
    long now = nanoTime.getAsLong();
    if (now - due >= 0 && next.compareAndSet(due, now + PAUSE_NS)) {
      said.accept(unsaid.sumThenReset());
    } else {
      unsaid.increment();
    }
  }
}
