/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.internal.journal;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;

/** Reads a file that may have places that the medium gives back no more. */
final class SegmentReader implements Closeable {
  private final FileChannel file;
  private final boolean passesOver;
  private boolean hasPassedOver;

  /** @param passesOver whether such places are passed over, in place of an exception */
  SegmentReader(FileChannel file, boolean passesOver) {
    this.file = file;
    this.passesOver = passesOver;
  }

  /** What is there; less than asked for at the end of the file, and before what is passed over. */
  ByteBuffer read(long offset, int length) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(length);
    try {
      while (buffer.hasRemaining() && file.read(buffer, offset + buffer.position()) >= 0) {
        // Reads on.
      }
    } catch (ClosedChannelException e) {
      throw e; // Nothing that the file has to do with.
    } catch (IOException e) {
      if (!passesOver) {
        throw e;
      }
      hasPassedOver = true;
    }
    return buffer.flip();
  }

  /** Whether there was such a place. */
  boolean hasPassedOver() {
    return hasPassedOver;
  }

  @Override
  public void close() throws IOException {
    file.close();
  }
}
