/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.estcoaps;

import java.io.ByteArrayOutputStream;

/** An application/multipart-core of two parts (RFC 8710): in CBOR, as small as it has to be. */
final class Multipart {
  private static final int ARRAY_OF_FOUR = 0x84;
  private static final int UNSIGNED = 0x00;
  private static final int BYTE_STRING = 0x40;

  private Multipart() {}

  static byte[] of(int firstFormat, byte[] first, int secondFormat, byte[] second) {
    ByteArrayOutputStream out = new ByteArrayOutputStream(first.length + second.length + 16);
    out.write(ARRAY_OF_FOUR);
    part(out, firstFormat, first);
    part(out, secondFormat, second);
    return out.toByteArray();
  }

  private static void part(ByteArrayOutputStream out, int format, byte[] content) {
    head(out, UNSIGNED, format);
    head(out, BYTE_STRING, content.length);
    out.writeBytes(content);
  }

  /** The shortest form (RFC 8949, 3.1); nothing here is longer than two bytes can tell. */
  private static void head(ByteArrayOutputStream out, int major, int value) {
    if (value < 24) {
      out.write(major | value);
    } else if (value < 0x100) {
      out.write(major | 24);
      out.write(value);
    } else if (value < 0x10000) {
      out.write(major | 25);
      out.write(value >> 8);
      out.write(value);
    } else {
      throw new IllegalArgumentException("value: " + value + " (expected: at most 65535)");
    }
  }
}
