/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.telemetry;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.util.function.BooleanSupplier;
import org.h2.store.fs.FileBaseDefault;

/** A file on a disk that can be full: then a write gets half of it there, and fails. */
public final class FullChannel extends FileBaseDefault {
  private final FileChannel channel;
  private final BooleanSupplier full;

  public FullChannel(FileChannel channel, BooleanSupplier full) {
    this.channel = channel;
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
      channel.write(source.duplicate().limit(half), position);
    }
    check();
    return channel.write(source, position);
  }

  @Override
  public int read(ByteBuffer target, long position) throws IOException {
    return channel.read(target, position);
  }

  @Override
  public long size() throws IOException {
    return channel.size();
  }

  @Override
  protected void implTruncate(long size) throws IOException {
    check();
    channel.truncate(size);
  }

  @Override
  public void force(boolean metaData) throws IOException {
    check();
    channel.force(metaData);
  }

  @Override
  public FileLock tryLock(long position, long size, boolean shared) throws IOException {
    return channel.tryLock(position, size, shared);
  }

  @Override
  protected void implCloseChannel() throws IOException {
    channel.close();
  }
}
