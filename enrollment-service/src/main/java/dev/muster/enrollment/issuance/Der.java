/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.issuance;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigInteger;
import org.bouncycastle.asn1.ASN1Encodable;
import org.bouncycastle.asn1.ASN1Encoding;

/**
 * Puts what is encoded already together (X.690, 8.1 and 10.1). What has been signed, or judged,
 * stays the same to the byte: it is not taken apart and encoded again.
 */
public final class Der {
  private static final int INTEGER = 0x02;
  private static final int BIT_STRING = 0x03;
  private static final int OCTET_STRING = 0x04;
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

  static byte[] integer(BigInteger value) {
    return of(INTEGER, value.toByteArray());
  }

  static byte[] octetString(byte[] octets) {
    return of(OCTET_STRING, octets);
  }

  /** What BouncyCastle makes of one of its values. */
  static byte[] encoded(ASN1Encodable value) {
    try {
      return value.toASN1Primitive().getEncoded(ASN1Encoding.DER);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Of whole octets. */
  public static byte[] bitString(byte[] octets) {
    return of(BIT_STRING, new byte[1], octets);
  }
}
