/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.csr;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import org.bouncycastle.asn1.ASN1Encodable;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.ASN1OctetString;
import org.bouncycastle.asn1.ASN1Sequence;
import org.bouncycastle.asn1.pkcs.Attribute;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.jspecify.annotations.Nullable;

/**
 * How a client wants the key protected that the server makes for it (RFC 7030, 4.4.1).
 *
 * @param secretKey hexadecimal digits of the name of a secret key (DecryptKeyIdentifier); null for
 *     none
 * @param publicKey hexadecimal digits of the identifier of a public key
 *     (AsymmetricDecryptKeyIdentifier); null for none
 * @param algorithms object identifiers of what the client can decrypt (SMIMECapabilities), the
 *     preferred first
 */
public record KeyProtection(
    @Nullable String secretKey, @Nullable String publicKey, List<String> algorithms) {
  private static final ASN1ObjectIdentifier SECRET_KEY = PKCSObjectIdentifiers.id_aa.branch("37");
  private static final ASN1ObjectIdentifier PUBLIC_KEY = PKCSObjectIdentifiers.id_aa.branch("54");
  private static final ASN1ObjectIdentifier CAPABILITIES =
      PKCSObjectIdentifiers.pkcs_9_at_smimeCapabilities;
  private static final Set<ASN1ObjectIdentifier> TYPES =
      Set.of(SECRET_KEY, PUBLIC_KEY, CAPABILITIES);

  public KeyProtection {
    algorithms = List.copyOf(algorithms);
  }

  static KeyProtection read(Attribute[] attributes) throws CsrRefusedException {
    String secretKey = null;
    String publicKey = null;
    List<String> algorithms = new ArrayList<>();
    Set<ASN1ObjectIdentifier> seen = new HashSet<>();
    for (Attribute attribute : attributes) {
      ASN1ObjectIdentifier type = attribute.getAttrType();
      if (!TYPES.contains(type)) {
        continue;
      }
      if (!seen.add(type) || attribute.getAttrValues().size() != 1) {
        throw new CsrRefusedException(
            "attribute", type + " with several values (expected: one, RFC 7030, 4.4.1)");
      }
      ASN1Encodable value = attribute.getAttrValues().getObjectAt(0);
      if (type.equals(SECRET_KEY)) {
        secretKey = octets(value);
      } else if (type.equals(PUBLIC_KEY)) {
        publicKey = octets(value);
      } else {
        for (ASN1Encodable capability : ASN1Sequence.getInstance(value)) {
          ASN1Encodable algorithm = ASN1Sequence.getInstance(capability).getObjectAt(0);
          algorithms.add(ASN1ObjectIdentifier.getInstance(algorithm).getId());
        }
      }
    }
    return new KeyProtection(secretKey, publicKey, algorithms);
  }

  /** What remains to be read. */
  static Attribute[] others(Attribute[] attributes) {
    List<Attribute> others = new ArrayList<>();
    for (Attribute attribute : attributes) {
      if (!TYPES.contains(attribute.getAttrType())) {
        others.add(attribute);
      }
    }
    return others.toArray(Attribute[]::new);
  }

  private static String octets(ASN1Encodable value) {
    return HexFormat.of().formatHex(ASN1OctetString.getInstance(value).getOctets());
  }
}
