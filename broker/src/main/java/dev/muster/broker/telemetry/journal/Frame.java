/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.telemetry.journal;

import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/**
 * How a record lies in a file: its length (4 bytes), a checksum (4 bytes, CRC-32C of the position
 * of the frame and the content), the content. The position is in it so that bytes of another place
 * or time are never taken for a record.
 */
final class Frame {
  static final int HEADER = 8;

  private Frame() {}

  static void put(ByteBuffer to, long position, byte[] content) {
    to.putInt(content.length);
    to.putInt(checksum(position, content));
    to.put(content);
  }

  /** Whether a header with this content lies at that position. */
  static boolean isWhole(int checksum, long position, byte[] content) {
    return checksum == checksum(position, content);
  }

  private static int checksum(long position, byte[] content) {
    CRC32C crc = new CRC32C();
    crc.update(ByteBuffer.allocate(Long.BYTES).putLong(position).flip());
    crc.update(content);
    return (int) crc.getValue();
  }
}
