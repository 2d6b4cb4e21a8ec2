/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.issuance;

import java.io.ByteArrayOutputStream;

/**
 * Puts what is encoded already together (X.690, 8.1 and 10.1). What has been signed, or judged,
 * stays the same to the byte: it is not taken apart and encoded again.
 */
public final class Der {
  private static final int BIT_STRING = 0x03;
  private static final int SEQUENCE = 0x30;
  private static final int LONG_FORM = 0x80;

  private Der() {}

  /** One element. @param contents its contents, one after the other */
  public static byte[] of(int tag, byte[]... contents) {
    int length = 0;
    for (byte[] content : contents) {
      length += content.length;
    }
    ByteArrayOutputStream der = new ByteArrayOutputStream(length + 6);
    der.write(tag);
    writeLength(der, length);
    for (byte[] content : contents) {
      der.writeBytes(content);
    }
    return der.toByteArray();
  }

  private static void writeLength(ByteArrayOutputStream der, int length) {
    if (length < LONG_FORM) {
      der.write(length);
      return;
    }
    int octets = (Integer.SIZE - Integer.numberOfLeadingZeros(length) + 7) / 8;
    der.write(LONG_FORM | octets);
    for (int i = octets - 1; i >= 0; i--) {
      der.write(length >> (8 * i));
    }
  }

  public static byte[] sequence(byte[]... elements) {
    return of(SEQUENCE, elements);
  }

  /** Of whole octets. */
  public static byte[] bitString(byte[] octets) {
    return of(BIT_STRING, new byte[1], octets);
  }
}
