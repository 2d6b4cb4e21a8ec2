/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.issuance.lint;

import java.util.Optional;
import org.bouncycastle.asn1.ASN1Encodable;
import org.bouncycastle.asn1.ASN1PrintableString;
import org.bouncycastle.asn1.ASN1String;
import org.bouncycastle.asn1.ASN1UTF8String;
import org.bouncycastle.asn1.x500.AttributeTypeAndValue;
import org.bouncycastle.asn1.x500.RDN;
import org.bouncycastle.asn1.x500.X500Name;

/** What holds for every name that we write. */
final class Names {
  /** ub-common-name, ub-organization-name and ub-organizational-unit-name (RFC 5280, A.1). */
  private static final int LONGEST = 64;

  private Names() {}

  static String text(ASN1Encodable value) {
    return ((ASN1String) value.toASN1Primitive()).getString();
  }

  /** One value for each RDN, in the two types that RFC 5280 wants, of a length that fits. */
  static Optional<String> fault(X500Name name) {
    if (name.getRDNs().length == 0) {
      return Optional.of("empty (expected: at least one attribute)");
    }
    for (RDN rdn : name.getRDNs()) {
      Optional<String> fault = rdn.isMultiValued()
          ? Optional.of("an RDN of several values (expected: one)")
          : fault(rdn.getFirst());
      if (fault.isPresent()) {
        return fault;
      }
    }
    return Optional.empty();
  }

  private static Optional<String> fault(AttributeTypeAndValue attribute) {
    ASN1Encodable value = attribute.getValue();
    if (!(value instanceof ASN1UTF8String) && !(value instanceof ASN1PrintableString)) {
      return Optional.of(
          "text type of " + attribute.getType() + " (expected: UTF8String or PrintableString)");
    }
    int length = text(value).length();
    if (length == 0 || length > LONGEST) {
      return Optional.of(
          length + " characters in " + attribute.getType() + " (expected: 1 to " + LONGEST + ")");
    }
    return Optional.empty();
  }
}
