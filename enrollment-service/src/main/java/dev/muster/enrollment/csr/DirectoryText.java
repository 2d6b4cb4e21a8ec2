/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.csr;

import org.bouncycastle.asn1.ASN1Encodable;
import org.bouncycastle.asn1.ASN1IA5String;
import org.bouncycastle.asn1.ASN1PrintableString;
import org.bouncycastle.asn1.ASN1String;
import org.bouncycastle.asn1.ASN1UTF8String;

/** Text in a name: only in types whose meaning everybody agrees on. */
final class DirectoryText {
  private DirectoryText() {}

  static String read(String field, ASN1Encodable value) throws CsrRefusedException {
    if (value instanceof ASN1UTF8String
        || value instanceof ASN1PrintableString
        || value instanceof ASN1IA5String) {
      return ((ASN1String) value).getString();
    }
    throw new CsrRefusedException(
        field, "text type (expected: UTF8String, PrintableString or IA5String)");
  }
}
