/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.csr;

import java.util.Map;
import org.bouncycastle.asn1.ASN1Encodable;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.ASN1PrintableString;
import org.bouncycastle.asn1.ASN1String;
import org.bouncycastle.asn1.ASN1UTF8String;
import org.bouncycastle.asn1.pkcs.Attribute;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;

/** The attributes in which a request names its connection (RFC 7030, 3.5; RFC 7894, 3.3). */
final class LinkAttributes {
  private static final int MAX_CHARACTERS = 255;

  private static final Map<ASN1ObjectIdentifier, String> NAMES = Map.of(
      PKCSObjectIdentifiers.pkcs_9_at_challengePassword,
      "challengePassword",
      PKCSObjectIdentifiers.id_aa.branch("58"),
      "estIdentityLinking");

  private LinkAttributes() {}

  static boolean contain(ASN1ObjectIdentifier type) {
    return NAMES.containsKey(type);
  }

  static LinkClaim read(Attribute attribute) throws CsrRefusedException {
    String name = NAMES.get(attribute.getAttrType());
    if (attribute.getAttrValues().size() != 1) {
      throw new CsrRefusedException(
          name, attribute.getAttrValues().size() + " values (expected: one)");
    }
    return new LinkClaim(name, text(name, attribute.getAttrValues().getObjectAt(0)));
  }

  private static String text(String name, ASN1Encodable value) throws CsrRefusedException {
    if (!(value instanceof ASN1PrintableString) && !(value instanceof ASN1UTF8String)) {
      throw new CsrRefusedException(name, "text type (expected: PrintableString or UTF8String)");
    }
    String text = ((ASN1String) value).getString();
    if (text.isEmpty() || text.length() > MAX_CHARACTERS) {
      throw new CsrRefusedException(
          name, text.length() + " characters (expected: 1 to " + MAX_CHARACTERS + ")");
    }
    return text;
  }
}
