/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.hardware.tpm;

import java.io.IOException;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.security.PublicKey;
import java.util.Base64;
import org.bouncycastle.asn1.ASN1Boolean;
import org.bouncycastle.asn1.ASN1Encodable;
import org.bouncycastle.asn1.ASN1Integer;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.ASN1OctetString;
import org.bouncycastle.asn1.ASN1Sequence;
import org.bouncycastle.asn1.ASN1TaggedObject;
import org.bouncycastle.asn1.DEROctetString;
import org.bouncycastle.asn1.DERSequence;
import org.bouncycastle.asn1.DERTaggedObject;

/**
 * A key that lies in a file and can be used in one TPM alone: its private part is encrypted to that
 * TPM. As text it is what other tools read and write as well ({@code TSS2 PRIVATE KEY}, "ASN.1
 * Specification for TPM 2.0 Key Files").
 */
final class WrappedKey {
  private static final String BEGIN = "-----BEGIN TSS2 PRIVATE KEY-----";
  private static final String END = "-----END TSS2 PRIVATE KEY-----";
  private static final int MAX_CHARS = 16_384;
  private static final int EMPTY_PASSWORD = 0;
  private static final ASN1ObjectIdentifier LOADABLE_KEY =
      new ASN1ObjectIdentifier("2.23.133.10.1.3");

  private final int parent;
  private final TpmCommands.Created parts;
  private final EccPublic publicArea;

  /** @param parent the handle of a storage key, or of a hierarchy whose storage key it is */
  WrappedKey(int parent, TpmCommands.Created parts) throws IOException {
    this.parent = parent;
    this.parts = parts;
    this.publicArea = EccPublic.parse(parts.publicArea());
  }

  int parent() {
    return parent;
  }

  TpmCommands.Created parts() {
    return parts;
  }

  EccPublic publicArea() {
    return publicArea;
  }

  PublicKey publicKey() {
    return publicArea.key();
  }

  String toPem() {
    DERSequence key = new DERSequence(new ASN1Encodable[] {
      LOADABLE_KEY,
      new DERTaggedObject(true, EMPTY_PASSWORD, ASN1Boolean.TRUE),
      new ASN1Integer(Integer.toUnsignedLong(parent)),
      new DEROctetString(new TpmWriter().sized(parts.publicArea()).toBytes()),
      new DEROctetString(new TpmWriter().sized(parts.privatePart()).toBytes())
    });
    try {
      String base64 = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(key.getEncoded());
      return BEGIN + "\n" + base64 + "\n" + END + "\n";
    } catch (IOException e) {
      throw new IllegalStateException("DER of our own", e);
    }
  }

  /** @throws IllegalArgumentException if the text is not one such key without a password */
  static WrappedKey parse(String pem) {
    try {
      return parse(ASN1Sequence.getInstance(der(pem)));
    } catch (IOException | ClassCastException | ArithmeticException | IllegalStateException e) {
      throw new IllegalArgumentException(
          "not a TSS2 PRIVATE KEY on P-256 (" + e.getMessage() + ")", e);
    }
  }

  private static byte[] der(String pem) {
    int begin = pem.indexOf(BEGIN);
    int end = pem.indexOf(END);
    if (begin < 0 || end < begin || pem.length() > MAX_CHARS) {
      throw new IllegalArgumentException("no TSS2 PRIVATE KEY (expected: " + BEGIN + ")");
    }
    String base64 = pem.substring(begin + BEGIN.length(), end);
    return Base64.getMimeDecoder().decode(base64.getBytes(StandardCharsets.ISO_8859_1));
  }

  private static WrappedKey parse(ASN1Sequence key) throws IOException {
    if (key.size() < 4 || !LOADABLE_KEY.equals(key.getObjectAt(0))) {
      throw new IllegalArgumentException("not a loadable key (expected: " + LOADABLE_KEY + ")");
    }
    for (int i = 1; i < key.size() - 3; i++) {
      refuseAllButEmptyPassword(ASN1TaggedObject.getInstance(key.getObjectAt(i)));
    }
    BigInteger parent = ASN1Integer.getInstance(key.getObjectAt(key.size() - 3)).getPositiveValue();
    if (parent.bitLength() > 32) {
      throw new IllegalArgumentException("parent: " + parent + " (expected: a handle)");
    }
    byte[] publicArea = sized(key.getObjectAt(key.size() - 2));
    byte[] privatePart = sized(key.getObjectAt(key.size() - 1));
    return new WrappedKey(parent.intValue(), new TpmCommands.Created(publicArea, privatePart));
  }

  private static void refuseAllButEmptyPassword(ASN1TaggedObject option) throws IOException {
    boolean emptyPassword = option.getTagNo() == EMPTY_PASSWORD
        && ASN1Boolean.getInstance(option.getExplicitBaseObject().toASN1Primitive())
            .isTrue();
    if (!emptyPassword) {
      throw new IllegalArgumentException(
          "a key with a password or a policy (expected: none of them)");
    }
  }

  private static byte[] sized(ASN1Encodable octets) throws IOException {
    TpmReader in = new TpmReader(ASN1OctetString.getInstance(octets).getOctets());
    byte[] content = in.sized();
    in.end();
    return content;
  }
}
