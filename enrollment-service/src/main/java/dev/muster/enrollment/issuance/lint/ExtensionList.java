/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.issuance.lint;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.bouncycastle.asn1.ASN1Boolean;
import org.bouncycastle.asn1.ASN1Encodable;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.ASN1OctetString;
import org.bouncycastle.asn1.ASN1Primitive;
import org.bouncycastle.asn1.ASN1Sequence;

/**
 * Extensions as they stand (RFC 5280, 4.2), also where one stands twice: BouncyCastle's own type
 * refuses that without saying which.
 */
final class ExtensionList {
  static final ExtensionList NONE = new ExtensionList(List.of());

  /** One extension. */
  record Entry(ASN1ObjectIdentifier type, boolean critical, ASN1Encodable value) {}

  private final List<Entry> entries;

  private ExtensionList(List<Entry> entries) {
    this.entries = entries;
  }

  static ExtensionList read(ASN1Sequence sequence) {
    List<Entry> entries = new ArrayList<>(sequence.size());
    for (ASN1Encodable element : sequence) {
      entries.add(entry(ASN1Sequence.getInstance(element)));
    }
    return new ExtensionList(entries);
  }

  private static Entry entry(ASN1Sequence extension) {
    ASN1ObjectIdentifier type = ASN1ObjectIdentifier.getInstance(extension.getObjectAt(0));
    boolean critical = extension.size() > 2
        && ASN1Boolean.getInstance(extension.getObjectAt(1)).isTrue();
    ASN1OctetString value =
        ASN1OctetString.getInstance(extension.getObjectAt(extension.size() - 1));
    try {
      return new Entry(type, critical, ASN1Primitive.fromByteArray(value.getOctets()));
    } catch (IOException e) {
      throw new IllegalArgumentException("extension " + type + " is not DER", e);
    }
  }

  Optional<Entry> find(ASN1ObjectIdentifier type) {
    for (Entry entry : entries) {
      if (entry.type().equals(type)) {
        return Optional.of(entry);
      }
    }
    return Optional.empty();
  }

  boolean has(ASN1ObjectIdentifier type) {
    return find(type).isPresent();
  }

  List<Entry> entries() {
    return entries;
  }

  boolean isEmpty() {
    return entries.isEmpty();
  }

  /** An extension that stands twice. */
  Optional<ASN1ObjectIdentifier> repeated() {
    Set<ASN1ObjectIdentifier> seen = new LinkedHashSet<>();
    return entries.stream().map(Entry::type).filter(type -> !seen.add(type)).findFirst();
  }
}
