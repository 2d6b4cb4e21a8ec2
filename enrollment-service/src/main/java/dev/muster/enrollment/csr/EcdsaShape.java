/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.csr;

import java.io.IOException;
import java.math.BigInteger;
import java.util.Arrays;
import org.bouncycastle.asn1.ASN1Encoding;
import org.bouncycastle.asn1.ASN1Integer;
import org.bouncycastle.asn1.ASN1Primitive;
import org.bouncycastle.asn1.ASN1Sequence;

/**
 * The shape of an ECDSA signature (RFC 3279, 2.2.3): DER of two numbers, neither of them zero. Said
 * here, for providers differ in what they let pass, and some have let zeros pass as a signature of
 * everybody (CVE-2022-21449).
 */
final class EcdsaShape {
  private EcdsaShape() {}

  /** @param order of the curve's base point */
  static boolean holds(byte[] signature, BigInteger order) {
    try {
      ASN1Primitive value = ASN1Primitive.fromByteArray(signature);
      return value instanceof ASN1Sequence numbers
          && numbers.size() == 2
          && isBelow(order, numbers, 0)
          && isBelow(order, numbers, 1)
          && Arrays.equals(numbers.getEncoded(ASN1Encoding.DER), signature);
    } catch (IOException e) {
      return false;
    }
  }

  private static boolean isBelow(BigInteger order, ASN1Sequence numbers, int index) {
    return numbers.getObjectAt(index) instanceof ASN1Integer number
        && number.getValue().signum() > 0
        && number.getValue().compareTo(order) < 0;
  }
}
