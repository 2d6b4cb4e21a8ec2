/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.csr;

import dev.muster.protocol.est.CsrAttributes;
import dev.muster.protocol.est.KeyWish;
import dev.muster.protocol.identity.Quoted;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.bouncycastle.asn1.ASN1Encodable;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.ASN1String;
import org.bouncycastle.asn1.pkcs.Attribute;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.jspecify.annotations.Nullable;

/**
 * The attributes of a request (RFC 2986, 4.1): each at most once, and none that we do not know.
 *
 * @param uris of the subject alternative name that is asked for
 * @param links which connection it was made for
 */
record Attributes(List<String> uris, List<LinkClaim> links) {
  /** id-cmc-changeSubjectName, whose encoding is ambiguous besides (erratum 3943 of RFC 6402). */
  private static final ASN1ObjectIdentifier CHANGE_SUBJECT_NAME =
      new ASN1ObjectIdentifier("1.3.6.1.5.5.7.7.36");

  /** What {@code csrattrs} names besides attributes. */
  private static final Set<String> WISHES = Set.of(
      KeyWish.EC,
      KeyWish.P256,
      KeyWish.P384,
      KeyWish.RSA,
      KeyWish.ED25519,
      CsrAttributes.ECDSA_WITH_SHA256);

  Attributes {
    uris = List.copyOf(uris);
    links = List.copyOf(links);
  }

  /** @param renewed as in {@link RequestedExtensions#read} */
  static Attributes read(Attribute[] attributes, @Nullable X509Certificate renewed)
      throws CsrRefusedException {
    RequestedExtensions extensions = RequestedExtensions.NONE;
    List<LinkClaim> links = new ArrayList<>();
    Set<ASN1ObjectIdentifier> seen = new HashSet<>();
    for (Attribute attribute : attributes) {
      ASN1ObjectIdentifier type = attribute.getAttrType();
      if (!seen.add(type)) {
        throw new CsrRefusedException("attribute", type + " twice (expected: once)");
      }
      if (type.equals(CHANGE_SUBJECT_NAME)) {
        throw new CsrRefusedException(
            "changeSubjectName",
            "a device keeps its name (expected: absent, and the subject as it is; RFC 6402, 2.8)");
      }
      if (LinkAttributes.contain(type)) {
        links.add(LinkAttributes.read(attribute));
      } else if (type.equals(PKCSObjectIdentifiers.pkcs_9_at_extensionRequest)) {
        extensions = extensions(attribute, renewed);
      } else if (!repeatsAWish(attribute)) {
        throw new CsrRefusedException(
            "attribute",
            Quoted.of(type.getId())
                + " (expected: none but extensionRequest, challengePassword, estIdentityLinking)");
      }
    }
    return new Attributes(extensions.uris(), links);
  }

  /**
   * Libest's client makes of each object identifier in {@code csrattrs} an attribute with an empty
   * string: also of those that name a kind of key or signature, of which nothing but the key and
   * the signature themselves could tell more.
   */
  private static boolean repeatsAWish(Attribute attribute) {
    ASN1Encodable[] values = attribute.getAttributeValues();
    return WISHES.contains(attribute.getAttrType().getId())
        && values.length == 1
        && values[0] instanceof ASN1String text
        && text.getString().isEmpty();
  }

  private static RequestedExtensions extensions(
      Attribute attribute, @Nullable X509Certificate renewed) throws CsrRefusedException {
    if (attribute.getAttrValues().size() != 1) {
      throw new CsrRefusedException("extensionRequest", "several (expected: one)");
    }
    return RequestedExtensions.read(attribute.getAttrValues().getObjectAt(0), renewed);
  }
}
