/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.est;

import java.io.IOException;
import java.security.cert.CertificateEncodingException;
import java.security.cert.X509Certificate;
import java.util.List;
import org.bouncycastle.asn1.ASN1Encodable;
import org.bouncycastle.asn1.ASN1Encoding;
import org.bouncycastle.asn1.DERSequence;
import org.bouncycastle.asn1.DERSet;
import org.bouncycastle.asn1.sec.SECObjectIdentifiers;
import org.bouncycastle.asn1.x9.X9ObjectIdentifiers;
import org.bouncycastle.cert.jcajce.JcaCertStore;
import org.bouncycastle.cms.CMSAbsentContent;
import org.bouncycastle.cms.CMSException;
import org.bouncycastle.cms.CMSSignedDataGenerator;

/** The ASN.1 that EST sends. */
final class EstMessages {
  private EstMessages() {}

  /** A certs-only message: a SignedData that nobody signed (RFC 5272, 4.1; RFC 8951, 3.2.1). */
  static byte[] certsOnly(List<X509Certificate> certificates) {
    try {
      CMSSignedDataGenerator generator = new CMSSignedDataGenerator();
      generator.addCertificates(new JcaCertStore(certificates));
      return generator
          .generate(new CMSAbsentContent())
          .toASN1Structure()
          .getEncoded(ASN1Encoding.DER);
    } catch (CertificateEncodingException | CMSException | IOException e) {
      throw new IllegalStateException("cannot encode certificates", e);
    }
  }

  /**
   * What we would like in a request: a P-256 key, and ECDSA with SHA-256 (RFC 7030, 4.5.2, in the
   * form of RFC 9908: the key type as an attribute with its curve). Nothing about names, which are
   * ours to give; no challengePassword, which we refuse.
   */
  static byte[] csrAttributes() {
    DERSequence keyType = new DERSequence(new ASN1Encodable[] {
      X9ObjectIdentifiers.id_ecPublicKey, new DERSet(SECObjectIdentifiers.secp256r1)
    });
    try {
      return new DERSequence(new ASN1Encodable[] {keyType, X9ObjectIdentifiers.ecdsa_with_SHA256})
          .getEncoded(ASN1Encoding.DER);
    } catch (IOException e) {
      throw new IllegalStateException("cannot encode CSR attributes", e);
    }
  }
}
