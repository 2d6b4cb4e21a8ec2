/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.csr;

/**
 * Whether bytes have the shape of one DER value (X.690, 8.1 and 10.1): definite, shortest lengths,
 * nothing behind, and no deeper than any honest request. Runs before a real parser does, so that
 * what a stranger nests cannot exhaust its stack.
 */
final class DerShape {
  private static final int MAX_DEPTH = 24;
  private static final int CONSTRUCTED = 0x20;
  private static final int LONG_TAG = 0x1f;

  private final byte[] data;

  private DerShape(byte[] data) {
    this.data = data;
  }

  /** @return whether all of {@code data} is one value of DER shape */
  static boolean holds(byte[] data) {
    return data.length > 0 && new DerShape(data).value(0, data.length, 0) == data.length;
  }

  /** @return where the value ends; -1 if it has no such shape */
  private int value(int start, int end, int depth) {
    if (depth > MAX_DEPTH || end - start < 2 || (data[start] & LONG_TAG) == LONG_TAG) {
      return -1;
    }
    boolean constructed = (data[start] & CONSTRUCTED) != 0;
    int position = start + 1;
    int length = data[position++] & 0xff;
    if (length > 0x7f) {
      int octets = length & 0x7f;
      if (octets == 0 || octets > 3 || end - position < octets) {
        return -1;
      }
      length = 0;
      for (int i = 0; i < octets; i++) {
        length = length << 8 | data[position++] & 0xff;
      }
      boolean shortest = length > 0x7f && length >= 1 << 8 * (octets - 1);
      if (!shortest) {
        return -1;
      }
    }
    if (length > end - position) {
      return -1;
    }
    int close = position + length;
    while (constructed && position < close) {
      position = value(position, close, depth + 1);
      if (position < 0) {
        return -1;
      }
    }
    return close;
  }
}
