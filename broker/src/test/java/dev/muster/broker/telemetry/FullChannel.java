/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.telemetry;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.util.function.BooleanSupplier;

/** A file on a disk that can be full: then a write gets half of it there, and fails. */
public final class FullChannel extends ForwardingFile {
  private final BooleanSupplier full;

  public FullChannel(FileChannel channel, BooleanSupplier full) {
    super(channel);
    this.full = full;
  }

  private void check() throws IOException {
    if (full.getAsBoolean()) {
      throw new IOException("No space left on device");
    }
  }

  @Override
  public int write(ByteBuffer source, long position) throws IOException {
    if (full.getAsBoolean()) {
      int half = source.position() + source.remaining() / 2;
      super.write(source.duplicate().limit(half), position);
    }
    check();
    return super.write(source, position);
  }

  @Override
  protected void implTruncate(long size) throws IOException {
    check();
    super.implTruncate(size);
  }

  @Override
  public void force(boolean metaData) throws IOException {
    check();
    super.force(metaData);
  }
}
