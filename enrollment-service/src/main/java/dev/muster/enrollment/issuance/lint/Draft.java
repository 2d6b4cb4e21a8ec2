/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.issuance.lint;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.bouncycastle.asn1.ASN1Encodable;
import org.bouncycastle.asn1.ASN1Encoding;
import org.bouncycastle.asn1.ASN1Integer;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.ASN1Primitive;
import org.bouncycastle.asn1.ASN1Sequence;
import org.bouncycastle.asn1.ASN1TaggedObject;
import org.bouncycastle.asn1.x500.AttributeTypeAndValue;
import org.bouncycastle.asn1.x500.RDN;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.AlgorithmIdentifier;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;

/** A certificate that is about to be signed, taken apart as RFC 5280, 4.1 has it. */
final class Draft {
  private static final int VERSION = 0;
  private static final int ISSUER_UNIQUE_ID = 1;
  private static final int SUBJECT_UNIQUE_ID = 2;
  private static final int EXTENSIONS = 3;

  final byte[] der;
  final ASN1Primitive structure;
  final CertificateKind kind;
  final Duration longestValidity;
  final IssuerFacts issuer;

  /** As written: 2 stands for version 3. */
  int version;

  boolean hasUniqueIds;
  ExtensionList extensions = ExtensionList.NONE;
  final ASN1Integer serial;
  final AlgorithmIdentifier innerAlgorithm;
  final AlgorithmIdentifier outerAlgorithm;
  final ASN1Encodable issuerName;
  final ASN1Primitive notBefore;
  final ASN1Primitive notAfter;
  final X500Name subject;
  final SubjectPublicKeyInfo key;

  private Draft(byte[] der, CertificateKind kind, Duration longestValidity, IssuerFacts issuer)
      throws IOException {
    this.der = der;
    this.kind = kind;
    this.longestValidity = longestValidity;
    this.issuer = issuer;
    structure = ASN1Primitive.fromByteArray(der);
    ASN1Sequence certificate = ASN1Sequence.getInstance(structure);
    ASN1Sequence tbs = ASN1Sequence.getInstance(certificate.getObjectAt(0));
    outerAlgorithm = AlgorithmIdentifier.getInstance(certificate.getObjectAt(1));
    int next = 0;
    if (tbs.getObjectAt(0) instanceof ASN1TaggedObject tagged && tagged.hasContextTag(VERSION)) {
      version = ASN1Integer.getInstance(tagged, true).intValueExact();
      next = 1;
    }
    serial = ASN1Integer.getInstance(tbs.getObjectAt(next++));
    innerAlgorithm = AlgorithmIdentifier.getInstance(tbs.getObjectAt(next++));
    issuerName = tbs.getObjectAt(next++);
    ASN1Sequence validity = ASN1Sequence.getInstance(tbs.getObjectAt(next++));
    notBefore = validity.getObjectAt(0).toASN1Primitive();
    notAfter = validity.getObjectAt(1).toASN1Primitive();
    subject = X500Name.getInstance(tbs.getObjectAt(next++));
    key = SubjectPublicKeyInfo.getInstance(tbs.getObjectAt(next++));
    while (next < tbs.size()) {
      readOptional(ASN1TaggedObject.getInstance(tbs.getObjectAt(next++)));
    }
  }

  private void readOptional(ASN1TaggedObject tagged) {
    if (tagged.hasContextTag(EXTENSIONS)) {
      extensions = ExtensionList.read(ASN1Sequence.getInstance(tagged, true));
    } else if (tagged.hasContextTag(ISSUER_UNIQUE_ID) || tagged.hasContextTag(SUBJECT_UNIQUE_ID)) {
      hasUniqueIds = true;
    } else {
      throw new IllegalArgumentException("unknown element [" + tagged.getTagNo() + "]");
    }
  }

  /** @throws IOException or a RuntimeException if that is no certificate at all */
  static Draft read(byte[] der, CertificateKind kind, Duration longestValidity, IssuerFacts issuer)
      throws IOException {
    return new Draft(der, kind, longestValidity, issuer);
  }

  /** All values of an attribute in the subject, as text. */
  List<String> subjectValues(ASN1ObjectIdentifier type) {
    List<String> values = new ArrayList<>(1);
    for (RDN rdn : subject.getRDNs()) {
      for (AttributeTypeAndValue attribute : rdn.getTypesAndValues()) {
        if (attribute.getType().equals(type)) {
          values.add(Names.text(attribute.getValue()));
        }
      }
    }
    return values;
  }

  /** In DER. */
  static byte[] encoded(ASN1Encodable value) {
    return encoded(value, ASN1Encoding.DER);
  }

  /** As it came, also where that is not DER. */
  static byte[] encodedAsIs(ASN1Encodable value) {
    return encoded(value, ASN1Encoding.BER);
  }

  private static byte[] encoded(ASN1Encodable value, String encoding) {
    try {
      return value.toASN1Primitive().getEncoded(encoding);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
