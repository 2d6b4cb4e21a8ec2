/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.function.Supplier;

/** How much memory is asked for. */
public final class Allocation {
  /** The smallest object that there is. */
  public static final long AN_OBJECT = 16;

  private static final int TIMES = 20_000;

  private static volatile Object last;

  private Allocation() {}

  /** @return bytes, for one of very many */
  public static long of(Supplier<?> what) {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    repeat(what);
    long before = threads.getCurrentThreadAllocatedBytes();
    repeat(what);
    return (threads.getCurrentThreadAllocatedBytes() - before) / TIMES;
  }

  private static void repeat(Supplier<?> what) {
    for (int i = 0; i < TIMES; i++) {
      last = what.get();
    }
  }
}
