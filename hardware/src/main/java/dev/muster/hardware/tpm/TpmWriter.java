/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.hardware.tpm;

import java.io.ByteArrayOutputStream;

/** Writes what a TPM reads: big-endian numbers, and byte strings after their sizes. */
final class TpmWriter {
  private final ByteArrayOutputStream out = new ByteArrayOutputStream(256);

  TpmWriter u8(int value) {
    out.write(value);
    return this;
  }

  TpmWriter u16(int value) {
    return u8(value >>> 8).u8(value);
  }

  TpmWriter u32(int value) {
    return u16(value >>> 16).u16(value);
  }

  TpmWriter bytes(byte[] value) {
    out.writeBytes(value);
    return this;
  }

  /** A TPM2B: the size in 16 bits, then the bytes. */
  TpmWriter sized(byte[] value) {
    return u16(value.length).bytes(value);
  }

  byte[] toBytes() {
    return out.toByteArray();
  }
}
