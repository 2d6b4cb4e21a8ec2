/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.hardware.tpm;

import java.util.Arrays;

/** Reads what a TPM writes. Whatever is not as it should be is a {@link TpmAnswerException}. */
final class TpmReader {
  private final byte[] bytes;
  private int position;

  TpmReader(byte[] bytes) {
    this.bytes = bytes;
  }

  int u8() throws TpmAnswerException {
    return take(1)[0] & 0xFF;
  }

  int u16() throws TpmAnswerException {
    return u8() << 8 | u8();
  }

  int u32() throws TpmAnswerException {
    return u16() << 16 | u16();
  }

  byte[] take(int length) throws TpmAnswerException {
    if (length < 0 || length > bytes.length - position) {
      throw new TpmAnswerException("ends after " + bytes.length + " bytes (expected: " + length
          + " more from byte " + position + ")");
    }
    position += length;
    return Arrays.copyOfRange(bytes, position - length, position);
  }

  /** A TPM2B: the size in 16 bits, then the bytes. */
  byte[] sized() throws TpmAnswerException {
    return take(u16());
  }

  void expect(String what, int value, int expected) throws TpmAnswerException {
    if (value != expected) {
      throw new TpmAnswerException(
          String.format("%s: 0x%x (expected: 0x%x)", what, value, expected));
    }
  }

  /** Nothing may be left. */
  void end() throws TpmAnswerException {
    if (position != bytes.length) {
      throw new TpmAnswerException(
          (bytes.length - position) + " bytes too many after byte " + position);
    }
  }
}
