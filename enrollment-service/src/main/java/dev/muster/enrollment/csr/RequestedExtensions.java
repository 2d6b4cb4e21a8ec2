/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.csr;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.bouncycastle.asn1.ASN1Encodable;
import org.bouncycastle.asn1.ASN1Encoding;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.ASN1Sequence;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.Extensions;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.jspecify.annotations.Nullable;

/**
 * The extensions that a request asks for: nothing beyond what the profile gives anyway.
 *
 * @param uris of the subject alternative name
 */
record RequestedExtensions(List<String> uris) {
  /** As RFC 5280 names those that are asked for most; others are named by their number alone. */
  private static final Map<ASN1ObjectIdentifier, String> NAMES = Map.of(
      Extension.certificatePolicies, "certificatePolicies",
      Extension.policyMappings, "policyMappings",
      Extension.policyConstraints, "policyConstraints",
      Extension.inhibitAnyPolicy, "inhibitAnyPolicy",
      Extension.nameConstraints, "nameConstraints",
      Extension.issuerAlternativeName, "issuerAltName",
      Extension.cRLDistributionPoints, "cRLDistributionPoints",
      Extension.authorityInfoAccess, "authorityInfoAccess");

  static final RequestedExtensions NONE = new RequestedExtensions(List.of());

  RequestedExtensions {
    uris = List.copyOf(uris);
  }

  /**
   * @param renewed the certificate that is to be renewed; null for none. Some clients copy all its
   *     extensions into the request, which asks for nothing new.
   */
  static RequestedExtensions read(ASN1Encodable value, @Nullable X509Certificate renewed)
      throws CsrRefusedException {
    checkShape(ASN1Sequence.getInstance(value));
    Extensions extensions = Extensions.getInstance(value);
    List<String> uris = List.of();
    for (ASN1ObjectIdentifier type : extensions.getExtensionOIDs()) {
      ASN1Encodable parsed = extensions.getExtensionParsedValue(type);
      if (type.equals(Extension.subjectAlternativeName)) {
        uris = uris(GeneralNames.getInstance(parsed));
      } else if (type.equals(Extension.basicConstraints)) {
        checkNoCa(BasicConstraints.getInstance(parsed));
      } else if (type.equals(Extension.keyUsage)) {
        checkUsage(KeyUsage.getInstance(parsed));
      } else if (type.equals(Extension.extendedKeyUsage)) {
        checkPurposes(ExtendedKeyUsage.getInstance(parsed));
      } else if (!type.equals(Extension.subjectKeyIdentifier)
          && !isOf(renewed, extensions.getExtension(type))) {
        throw new CsrRefusedException(
            NAMES.getOrDefault(type, "extension"),
            type
                + " (expected: none but subjectAltName, keyUsage, extendedKeyUsage, basicConstraints)");
      }
    }
    return new RequestedExtensions(uris);
  }

  private static boolean isOf(@Nullable X509Certificate certificate, Extension extension) {
    try {
      return certificate != null
          && Arrays.equals(
              certificate.getExtensionValue(extension.getExtnId().getId()),
              extension.getExtnValue().getEncoded(ASN1Encoding.DER));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** BouncyCastle keeps the last of two extensions of one type; two are refused here instead. */
  private static void checkShape(ASN1Sequence extensions) throws CsrRefusedException {
    List<ASN1Encodable> types = new ArrayList<>();
    for (ASN1Encodable extension : extensions) {
      ASN1Encodable type = ASN1Sequence.getInstance(extension).getObjectAt(0);
      if (types.contains(type)) {
        throw new CsrRefusedException("extension", type + " twice (expected: once)");
      }
      types.add(type);
    }
  }

  private static List<String> uris(GeneralNames names) throws CsrRefusedException {
    List<String> uris = new ArrayList<>();
    for (GeneralName name : names.getNames()) {
      if (name.getTagNo() != GeneralName.uniformResourceIdentifier) {
        throw new CsrRefusedException(
            "subjectAltName", "a name that is no URI (expected: absent, or the device's URN)");
      }
      uris.add(DirectoryText.read("subjectAltName", name.getName()));
    }
    return uris;
  }

  private static void checkNoCa(BasicConstraints constraints) throws CsrRefusedException {
    if (constraints.isCA()) {
      throw new CsrRefusedException("basicConstraints", "CA:TRUE (expected: absent, or CA:FALSE)");
    }
  }

  private static void checkUsage(KeyUsage usage) throws CsrRefusedException {
    if (!usage.equals(new KeyUsage(KeyUsage.digitalSignature))) {
      throw new CsrRefusedException(
          "keyUsage", "more than digitalSignature (expected: absent, or digitalSignature alone)");
    }
  }

  private static void checkPurposes(ExtendedKeyUsage usage) throws CsrRefusedException {
    for (KeyPurposeId purpose : usage.getUsages()) {
      if (!purpose.equals(KeyPurposeId.id_kp_clientAuth)) {
        throw new CsrRefusedException(
            "extendedKeyUsage", purpose.getId() + " (expected: absent, or clientAuth alone)");
      }
    }
  }
}
