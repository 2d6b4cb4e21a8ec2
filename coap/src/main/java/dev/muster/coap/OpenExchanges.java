/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.coap;

import java.util.concurrent.TimeUnit;

/**
 * Counts what is being answered, so that closing can wait for it.
 *
 * <p>Thread-safe.
 */
final class OpenExchanges {
  private int open;
  private boolean closing;

  /** @return false when nothing new is to be begun */
  synchronized boolean begin() {
    if (!closing) {
      open++;
    }
    return !closing;
  }

  synchronized void end() {
    open--;
    notifyAll();
  }

  /** Lets nothing begin any more. Blocks until all has ended, or the time is over. */
  synchronized void close(long timeoutMs) throws InterruptedException {
    closing = true;
    long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(timeoutMs);
    for (long left = timeoutMs;
        open > 0 && left > 0;
        left = TimeUnit.NANOSECONDS.toMillis(end - System.nanoTime())) {
      wait(left);
    }
  }
}
