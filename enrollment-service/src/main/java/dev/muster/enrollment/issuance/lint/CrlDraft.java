/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.issuance.lint;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.bouncycastle.asn1.ASN1Encodable;
import org.bouncycastle.asn1.ASN1GeneralizedTime;
import org.bouncycastle.asn1.ASN1Integer;
import org.bouncycastle.asn1.ASN1Primitive;
import org.bouncycastle.asn1.ASN1Sequence;
import org.bouncycastle.asn1.ASN1TaggedObject;
import org.bouncycastle.asn1.ASN1UTCTime;
import org.bouncycastle.asn1.x509.AlgorithmIdentifier;
import org.jspecify.annotations.Nullable;

/** A CRL that is about to be signed, taken apart as RFC 5280, 5.1 has it. */
final class CrlDraft {
  /** One certificate taken back. */
  record Entry(ASN1Integer serial, ASN1Primitive date, ExtensionList extensions) {}

  final byte[] der;
  final ASN1Primitive structure;
  final IssuerFacts issuer;

  /** As written: 1 stands for version 2. */
  final int version;

  final AlgorithmIdentifier innerAlgorithm;
  final AlgorithmIdentifier outerAlgorithm;
  final ASN1Encodable issuerName;
  final ASN1Primitive thisUpdate;
  final @Nullable ASN1Primitive nextUpdate;
  final boolean hasEntryList;
  final List<Entry> entries;
  final ExtensionList extensions;

  private CrlDraft(byte[] der, IssuerFacts issuer) throws IOException {
    this.der = der;
    this.issuer = issuer;
    structure = ASN1Primitive.fromByteArray(der);
    ASN1Sequence crl = ASN1Sequence.getInstance(structure);
    ASN1Sequence tbs = ASN1Sequence.getInstance(crl.getObjectAt(0));
    outerAlgorithm = AlgorithmIdentifier.getInstance(crl.getObjectAt(1));
    int next = 0;
    version = tbs.getObjectAt(0) instanceof ASN1Integer number ? number.intValueExact() : 0;
    next += tbs.getObjectAt(0) instanceof ASN1Integer ? 1 : 0;
    innerAlgorithm = AlgorithmIdentifier.getInstance(tbs.getObjectAt(next++));
    issuerName = tbs.getObjectAt(next++);
    thisUpdate = tbs.getObjectAt(next++).toASN1Primitive();
    nextUpdate = next < tbs.size() && isTime(tbs.getObjectAt(next))
        ? tbs.getObjectAt(next++).toASN1Primitive()
        : null;
    hasEntryList = next < tbs.size() && tbs.getObjectAt(next) instanceof ASN1Sequence;
    entries = hasEntryList ? entries((ASN1Sequence) tbs.getObjectAt(next++)) : List.of();
    extensions = next < tbs.size()
        ? ExtensionList.read(
            ASN1Sequence.getInstance(ASN1TaggedObject.getInstance(tbs.getObjectAt(next)), true))
        : ExtensionList.NONE;
  }

  /** @throws IOException or a RuntimeException if that is no CRL at all */
  static CrlDraft read(byte[] der, IssuerFacts issuer) throws IOException {
    return new CrlDraft(der, issuer);
  }

  private static boolean isTime(ASN1Encodable value) {
    return value instanceof ASN1UTCTime || value instanceof ASN1GeneralizedTime;
  }

  private static List<Entry> entries(ASN1Sequence list) {
    List<Entry> entries = new ArrayList<>(list.size());
    for (ASN1Encodable element : list) {
      ASN1Sequence entry = ASN1Sequence.getInstance(element);
      ExtensionList extensions = entry.size() > 2
          ? ExtensionList.read(ASN1Sequence.getInstance(entry.getObjectAt(2)))
          : ExtensionList.NONE;
      entries.add(new Entry(
          ASN1Integer.getInstance(entry.getObjectAt(0)),
          entry.getObjectAt(1).toASN1Primitive(),
          extensions));
    }
    return entries;
  }
}
