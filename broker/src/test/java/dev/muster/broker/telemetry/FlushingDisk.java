/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.telemetry;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** A disk that takes every write, and of which a test sees, holds up or breaks the flushes. */
public final class FlushingDisk {
  /** What a flush does in place of nothing: it may fail, or wait. */
  @FunctionalInterface
  public interface Flush {
    void run() throws IOException;
  }

  private final AtomicInteger flushes = new AtomicInteger();
  private final CountDownLatch begun = new CountDownLatch(1);
  private volatile Flush before = () -> {};

  /** How many flushes there were that have not failed. */
  public int flushes() {
    return flushes.get();
  }

  /** Waits until the first flush is asked for. */
  public void awaitFlush() {
    try {
      if (!begun.await(60, TimeUnit.SECONDS)) {
        throw new AssertionError("no flush");
      }
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  /** Done before each flush from now on. */
  public void beforeFlush(Flush other) {
    before = other;
  }

  /** Holds up every flush until the latch is down; one that is never let go on fails. */
  public CountDownLatch hold() {
    CountDownLatch goOn = new CountDownLatch(1);
    beforeFlush(() -> {
      try {
        if (!goOn.await(60, TimeUnit.SECONDS)) {
          throw new IOException("nobody let it go on");
        }
      } catch (InterruptedException e) {
        throw new IOException(e);
      }
    });
    return goOn;
  }

  public FileChannel open(Path path, Set<? extends OpenOption> options) throws IOException {
    return new File(FileChannel.open(path, options));
  }

  private final class File extends ForwardingFile {
    File(FileChannel channel) {
      super(channel);
    }

    @Override
    public void force(boolean metaData) throws IOException {
      begun.countDown();
      before.run();
      super.force(metaData);
      flushes.incrementAndGet();
    }
  }
}
