/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.internal.journal;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * One record in a file: two bytes {@code MJ}, length, CRC-32C over length and body; the body is a
 * type, a number, a time and the content. All zeros are no frame, nor is a piece of one.
 *
 * @param end where the next one begins
 */
@SuppressWarnings("ArrayRecordComponent")
record Frame(byte type, long number, long timeMs, byte[] content, long end) {
  /** A message. */
  static final byte MESSAGE = 1;
  /** Which messages are done. */
  static final byte DONE = 2;

  /** Larger ones are not written, so that a damaged length is noticed. */
  static final int MAX_CONTENT_BYTES = 512 * 1024;

  private static final short MAGIC = 0x4D4A;
  private static final int HEAD_BYTES = 10;
  private static final int BODY_HEAD_BYTES = 17;
  private static final int SCAN_BYTES = 64 * 1024;
  private static final int PAGE_BYTES = 4 * 1024;

  /** The bytes that a record with so much content takes. */
  static int size(int contentBytes) {
    return HEAD_BYTES + BODY_HEAD_BYTES + contentBytes;
  }

  static void put(ByteBuffer out, byte type, long number, long timeMs, byte[] content) {
    int begin = out.position();
    int length = BODY_HEAD_BYTES + content.length;
    out.putShort(MAGIC).putInt(length).putInt(0);
    out.put(type).putLong(number).putLong(timeMs).put(content);
    ByteBuffer body =
        out.duplicate().position(begin + HEAD_BYTES).limit(begin + HEAD_BYTES + length);
    out.putInt(begin + 6, checksum(length, body));
  }

  /** The first whole frame from {@code offset} on, behind damage if need be; null at the end. */
  static @Nullable Frame next(SegmentReader file, long offset, long fileEnd) throws IOException {
    Frame frame = read(file, offset, fileEnd);
    return frame == null ? find(file, offset + 1, fileEnd) : frame;
  }

  /** Reads the frame that begins at {@code offset}; null if there is none that is whole. */
  private static @Nullable Frame read(SegmentReader file, long offset, long fileEnd)
      throws IOException {
    if (fileEnd - offset < size(0)) {
      return null;
    }
    ByteBuffer head = file.read(offset, HEAD_BYTES);
    if (head.remaining() < HEAD_BYTES || head.getShort() != MAGIC) {
      return null;
    }
    int length = head.getInt();
    int checksum = head.getInt();
    boolean plausible = length >= BODY_HEAD_BYTES
        && length <= BODY_HEAD_BYTES + MAX_CONTENT_BYTES
        && offset + HEAD_BYTES + length <= fileEnd;
    if (!plausible) {
      return null;
    }
    ByteBuffer body = file.read(offset + HEAD_BYTES, length);
    if (body.remaining() < length || checksum(length, body.duplicate()) != checksum) {
      return null;
    }
    byte type = body.get();
    long number = body.getLong();
    long timeMs = body.getLong();
    byte[] content = new byte[body.remaining()];
    body.get(content);
    return new Frame(type, number, timeMs, content, offset + HEAD_BYTES + length);
  }

  private static @Nullable Frame find(SegmentReader file, long from, long fileEnd)
      throws IOException {
    long offset = from;
    while (offset < fileEnd) {
      int wanted = (int) Math.min(SCAN_BYTES, fileEnd - offset);
      ByteBuffer chunk = file.read(offset, wanted);
      for (int i = 0; i + 1 < chunk.limit(); i++) {
        Frame frame = chunk.getShort(i) == MAGIC ? read(file, offset + i, fileEnd) : null;
        if (frame != null) {
          return frame;
        }
      }
      // The mark may lie across two chunks; but where nothing can be read, no page of it can.
      offset = chunk.limit() < wanted
          ? ((offset + chunk.limit()) / PAGE_BYTES + 1) * PAGE_BYTES
          : offset + Math.max(1, chunk.limit() - 1);
    }
    return null;
  }

  private static int checksum(int length, ByteBuffer body) {
    CRC32C crc = new CRC32C();
    crc.update(length >>> 24);
    crc.update(length >>> 16);
    crc.update(length >>> 8);
    crc.update(length);
    crc.update(body);
    return (int) crc.getValue();
  }
}
