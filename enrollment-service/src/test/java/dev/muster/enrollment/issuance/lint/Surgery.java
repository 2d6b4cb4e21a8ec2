/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.issuance.lint;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.bouncycastle.asn1.ASN1Boolean;
import org.bouncycastle.asn1.ASN1Encodable;
import org.bouncycastle.asn1.ASN1Encoding;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.ASN1Primitive;
import org.bouncycastle.asn1.ASN1Sequence;
import org.bouncycastle.asn1.ASN1TaggedObject;
import org.bouncycastle.asn1.DEROctetString;
import org.bouncycastle.asn1.DERSequence;
import org.bouncycastle.asn1.DERTaggedObject;

/** Plants faults in certificates and CRLs, element by element; the signature stays as it was. */
final class Surgery {
  private final List<ASN1Encodable> tbs;
  private final List<ASN1Encodable> rest;

  private Surgery(byte[] der) {
    ASN1Sequence whole = sequence(der);
    tbs = elements(whole.getObjectAt(0));
    rest = new ArrayList<>(List.of(whole.getObjectAt(1), whole.getObjectAt(2)));
  }

  static Surgery on(byte[] der) {
    return new Surgery(der);
  }

  private static ASN1Sequence sequence(byte[] der) {
    try {
      return ASN1Sequence.getInstance(ASN1Primitive.fromByteArray(der));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static List<ASN1Encodable> elements(ASN1Encodable sequence) {
    return new ArrayList<>(Arrays.asList(ASN1Sequence.getInstance(sequence).toArray()));
  }

  static DERSequence sequence(List<ASN1Encodable> elements) {
    return new DERSequence(elements.toArray(ASN1Encodable[]::new));
  }

  Surgery replace(int element, ASN1Encodable value) {
    tbs.set(element, value);
    return this;
  }

  Surgery change(int element, UnaryOperator<ASN1Encodable> change) {
    return replace(element, change.apply(tbs.get(element)));
  }

  Surgery remove(int element) {
    tbs.remove(element);
    return this;
  }

  Surgery insert(int element, ASN1Encodable value) {
    tbs.add(element, value);
    return this;
  }

  Surgery outerAlgorithm(ASN1Encodable value) {
    rest.set(0, value);
    return this;
  }

  /** Puts an extension in the place of the one of its type, or behind all others. */
  Surgery extension(ASN1ObjectIdentifier type, boolean critical, ASN1Encodable value) {
    return changeExtensions(list -> {
      int at = indexOf(list, type);
      ASN1Encodable extension = extensionOf(type, critical, value);
      if (at < 0) {
        list.add(extension);
      } else {
        list.set(at, extension);
      }
    });
  }

  Surgery appendExtension(ASN1ObjectIdentifier type, boolean critical, ASN1Encodable value) {
    return changeExtensions(list -> list.add(extensionOf(type, critical, value)));
  }

  Surgery withoutExtension(ASN1ObjectIdentifier type) {
    return changeExtensions(list -> list.remove(indexOf(list, type)));
  }

  private Surgery changeExtensions(Consumer<List<ASN1Encodable>> change) {
    int last = tbs.size() - 1;
    ASN1TaggedObject tagged = ASN1TaggedObject.getInstance(tbs.get(last));
    List<ASN1Encodable> list = elements(ASN1Sequence.getInstance(tagged, true));
    change.accept(list);
    return replace(last, new DERTaggedObject(true, tagged.getTagNo(), sequence(list)));
  }

  private static int indexOf(List<ASN1Encodable> list, ASN1ObjectIdentifier type) {
    for (int i = 0; i < list.size(); i++) {
      if (ASN1Sequence.getInstance(list.get(i)).getObjectAt(0).equals(type)) {
        return i;
      }
    }
    return -1;
  }

  static ASN1Encodable extensionOf(
      ASN1ObjectIdentifier type, boolean critical, ASN1Encodable value) {
    DEROctetString octets = new DEROctetString(der(value));
    return critical
        ? sequence(List.of(type, ASN1Boolean.TRUE, octets))
        : sequence(List.of(type, octets));
  }

  byte[] done() {
    return der(sequence(List.of(sequence(tbs), rest.get(0), rest.get(1))));
  }

  static byte[] der(ASN1Encodable value) {
    try {
      return value.toASN1Primitive().getEncoded(ASN1Encoding.DER);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
