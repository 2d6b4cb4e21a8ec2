/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.protocol.est;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A request as the CA would like it, with gaps for the client to fill (RFC 9908, 3.4).
 *
 * @param subject the relative distinguished names wanted, in order; empty if the CA wants none
 * @param key the key wanted; null for any
 * @param extensions wanted in the extensionRequest
 * @param others further attributes wanted, by object identifier
 */
public record CsrTemplate(
    List<NameWish> subject,
    @Nullable KeyWish key,
    List<ExtensionWish> extensions,
    List<String> others) {
  private static final int PUBLIC_KEY = 0xa0;
  private static final int ATTRIBUTES = 0xa1;
  private static final String EXTENSION_TEMPLATES = "1.2.840.113549.1.9.16.2.62";

  /**
   * One relative distinguished name.
   *
   * @param type its object identifier
   * @param value hexadecimal digits of its DER; null if the client is to find one
   */
  public record NameWish(String type, @Nullable String value) {}

  public CsrTemplate {
    subject = List.copyOf(subject);
    extensions = List.copyOf(extensions);
    others = List.copyOf(others);
  }

  static CsrTemplate read(Der der) {
    Der fields = der.enter(Der.SEQUENCE);
    if (!fields.integer().equals(BigInteger.ZERO)) {
      throw new IllegalArgumentException("template version: (expected: v1, 0; RFC 9908, 3.4)");
    }
    List<NameWish> subject =
        fields.isNext(Der.SEQUENCE) ? readSubject(fields.enter(Der.SEQUENCE)) : List.of();
    KeyWish key = fields.isNext(PUBLIC_KEY) ? readKey(fields.enter(PUBLIC_KEY)) : null;
    List<ExtensionWish> extensions = new ArrayList<>();
    List<String> others = new ArrayList<>();
    readAttributes(fields.enter(ATTRIBUTES), extensions, others);
    fields.finish();
    return new CsrTemplate(subject, key, extensions, others);
  }

  private static List<NameWish> readSubject(Der names) {
    List<NameWish> subject = new ArrayList<>();
    while (names.hasMore()) {
      Der name = names.enter(Der.SET);
      Der attribute = name.enter(Der.SEQUENCE);
      String type = attribute.oid();
      subject.add(new NameWish(
          type, attribute.hasMore() ? HexFormat.of().formatHex(attribute.raw()) : null));
      attribute.finish();
      name.finish();
    }
    return subject;
  }

  private static KeyWish readKey(Der info) {
    Der algorithm = info.enter(Der.SEQUENCE);
    String type = algorithm.oid();
    @Nullable String curve = algorithm.isNext(Der.OID) ? algorithm.oid() : null;
    int bits = info.hasMore() ? readPlaceholder(info.content(Der.BIT_STRING)) : 0;
    info.finish();
    return new KeyWish(type, curve, bits);
  }

  /** A key of the wished size, and of no other meaning. */
  private static int readPlaceholder(byte[] bits) {
    Der content = Der.of(bits);
    content.skip(1);
    return content.enter(Der.SEQUENCE).integer().bitLength();
  }

  private static void readAttributes(
      Der attributes, List<ExtensionWish> extensions, List<String> others) {
    boolean seen = false;
    while (attributes.hasMore()) {
      Der attribute = attributes.enter(Der.SEQUENCE);
      String type = attribute.oid();
      if (type.equals(EXTENSION_TEMPLATES) || type.equals(CsrAttributes.EXTENSION_REQUEST)) {
        if (seen) {
          throw new IllegalArgumentException(
              "template attributes: extensions twice (expected: once, RFC 9908, 3.4)");
        }
        seen = true;
        extensions.addAll(ExtensionWish.readValues(attribute));
      } else {
        others.add(type);
      }
    }
  }

  byte[] encode() {
    List<byte[]> fields = new ArrayList<>();
    fields.add(Der.encodeInteger(0));
    if (!subject.isEmpty()) {
      fields.add(
          Der.encode(Der.SEQUENCE, subject.stream().map(CsrTemplate::encode).toList()));
    }
    if (key != null) {
      fields.add(encode(key));
    }
    List<byte[]> attributes = new ArrayList<>();
    others.forEach(
        type -> attributes.add(Der.encode(Der.SEQUENCE, Der.encodeOid(type), Der.encode(Der.SET))));
    if (!extensions.isEmpty()) {
      boolean gaps = extensions.stream().anyMatch(wish -> wish.value() == null);
      attributes.add(ExtensionWish.encode(
          gaps ? EXTENSION_TEMPLATES : CsrAttributes.EXTENSION_REQUEST, extensions));
    }
    fields.add(Der.encodeSet(ATTRIBUTES, attributes));
    return Der.encode(Der.SEQUENCE, fields);
  }

  private static byte[] encode(NameWish name) {
    byte[] value = name.value() == null ? new byte[0] : HexFormat.of().parseHex(name.value());
    return Der.encode(Der.SET, Der.encode(Der.SEQUENCE, Der.encodeOid(name.type()), value));
  }

  private static byte[] encode(KeyWish key) {
    byte[] parameters = key.curve() != null
        ? Der.encodeOid(key.curve())
        : key.algorithm().equals(KeyWish.RSA) ? Der.encode(Der.NULL) : new byte[0];
    byte[] algorithm = Der.encode(Der.SEQUENCE, Der.encodeOid(key.algorithm()), parameters);
    return key.rsaBits() == 0
        ? Der.encode(PUBLIC_KEY, algorithm)
        : Der.encode(PUBLIC_KEY, algorithm, placeholder(key.rsaBits()));
  }

  private static byte[] placeholder(int bits) {
    BigInteger modulus = BigInteger.ONE.shiftLeft(bits - 1).setBit(0);
    byte[] key = Der.encode(
        Der.SEQUENCE, Der.encode(Der.INTEGER, modulus.toByteArray()), Der.encodeInteger(65537));
    return Der.encode(Der.BIT_STRING, new byte[] {0}, key);
  }
}
