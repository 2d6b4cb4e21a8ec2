/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.hardware.tpm;

import java.io.Closeable;
import java.io.IOException;

/** A connection to a TPM: a command goes, then its answer comes. Not thread-safe. */
interface TpmLink extends Closeable {
  int MAX_ANSWER_BYTES = 4096;
  int HEADER_BYTES = 10;

  /** @throws IOException if the link is broken or out of step; it is of no use any more then */
  byte[] exchange(byte[] command) throws IOException;

  /** How to get another one. */
  @FunctionalInterface
  interface Opener {
    TpmLink open() throws IOException;
  }

  /** The size that an answer tells of itself. */
  static int size(byte[] header) throws TpmAnswerException {
    TpmReader reader = new TpmReader(header);
    reader.u16();
    int size = reader.u32();
    if (size < HEADER_BYTES || size > MAX_ANSWER_BYTES) {
      throw new TpmAnswerException("size " + Integer.toUnsignedString(size) + " (expected: "
          + HEADER_BYTES + " to " + MAX_ANSWER_BYTES + ")");
    }
    return size;
  }
}
