/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.protocol.est;

import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * An extension that a CA would like to be asked for.
 *
 * @param type its object identifier
 * @param value hexadecimal digits of its DER; null if the client is to find one
 */
public record ExtensionWish(
    String type, boolean critical, @Nullable String value) {
  /** The values of an attribute: exactly one list of extensions (RFC 9908, 3.2). */
  static List<ExtensionWish> readValues(Der attribute) {
    Der values = attribute.enter(Der.SET);
    Der list = values.enter(Der.SEQUENCE);
    values.finish();
    attribute.finish();
    List<ExtensionWish> extensions = new ArrayList<>();
    while (list.hasMore()) {
      ExtensionWish next = read(list.enter(Der.SEQUENCE));
      if (extensions.stream().anyMatch(one -> one.type().equals(next.type()))) {
        throw new IllegalArgumentException(
            "extension: " + next.type() + " twice (expected: once, RFC 9908, 3.2)");
      }
      extensions.add(next);
    }
    return extensions;
  }

  private static ExtensionWish read(Der extension) {
    String type = extension.oid();
    boolean critical = extension.isNext(Der.BOOLEAN) && extension.bool();
    String value =
        extension.hasMore() ? HexFormat.of().formatHex(extension.content(Der.OCTET_STRING)) : null;
    extension.finish();
    return new ExtensionWish(type, critical, value);
  }

  /** An attribute with a list of extensions as its only value. */
  static byte[] encode(String attribute, List<ExtensionWish> extensions) {
    byte[] list =
        Der.encode(Der.SEQUENCE, extensions.stream().map(ExtensionWish::encode).toList());
    return Der.encode(Der.SEQUENCE, Der.encodeOid(attribute), Der.encode(Der.SET, list));
  }

  private byte[] encode() {
    List<byte[]> fields = new ArrayList<>();
    fields.add(Der.encodeOid(type));
    if (critical) {
      fields.add(Der.encode(Der.BOOLEAN, new byte[] {(byte) 0xff}));
    }
    if (value != null) {
      fields.add(Der.encode(Der.OCTET_STRING, HexFormat.of().parseHex(value)));
    }
    return Der.encode(Der.SEQUENCE, fields);
  }
}
