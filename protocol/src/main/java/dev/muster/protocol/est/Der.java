/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.protocol.est;

import java.io.ByteArrayOutputStream;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** The little DER that CSR attributes need (X.690): reads values in order, and writes them. */
final class Der {
  static final int BOOLEAN = 0x01;
  static final int INTEGER = 0x02;
  static final int BIT_STRING = 0x03;
  static final int OCTET_STRING = 0x04;
  static final int NULL = 0x05;
  static final int OID = 0x06;
  static final int SEQUENCE = 0x30;
  static final int SET = 0x31;

  /** No honest object identifier comes near; the arithmetic behind grows with the square. */
  private static final int MAX_OID = 64;

  private final byte[] data;
  private final int end;
  private int position;

  private Der(byte[] data, int start, int end) {
    this.data = data;
    this.position = start;
    this.end = end;
  }

  static Der of(byte[] data) {
    return new Der(data, 0, data.length);
  }

  boolean hasMore() {
    return position < end;
  }

  /** Whether the next value has that tag. */
  boolean isNext(int tag) {
    return hasMore() && (data[position] & 0xff) == tag;
  }

  /** What is inside the next value. */
  Der enter(int tag) {
    if (!isNext(tag)) {
      throw malformed("tag 0x" + Integer.toHexString(tag) + " expected");
    }
    position++;
    int length = length();
    Der inside = new Der(data, position, position + length);
    position += length;
    return inside;
  }

  byte[] content(int tag) {
    Der inside = enter(tag);
    return Arrays.copyOfRange(data, inside.position, inside.end);
  }

  /** The next value as it stands, with its tag. */
  byte[] raw() {
    if (!hasMore()) {
      throw malformed("a value expected");
    }
    int start = position;
    enter(data[position] & 0xff);
    return Arrays.copyOfRange(data, start, position);
  }

  void skip(int octets) {
    for (int i = 0; i < octets; i++) {
      next();
    }
  }

  BigInteger integer() {
    byte[] content = content(INTEGER);
    if (content.length == 0) {
      throw malformed("INTEGER without content");
    }
    return new BigInteger(content);
  }

  boolean bool() {
    byte[] content = content(BOOLEAN);
    if (content.length != 1) {
      throw malformed("BOOLEAN of " + content.length + " bytes");
    }
    return content[0] != 0;
  }

  /** In dots. */
  String oid() {
    byte[] content = content(OID);
    if (content.length == 0
        || content.length > MAX_OID
        || (content[content.length - 1] & 0x80) != 0) {
      throw malformed("OBJECT IDENTIFIER");
    }
    List<String> arcs = new ArrayList<>();
    BigInteger arc = BigInteger.ZERO;
    for (byte octet : content) {
      arc = arc.shiftLeft(7).or(BigInteger.valueOf(octet & 0x7f));
      if ((octet & 0x80) == 0) {
        addArc(arcs, arc);
        arc = BigInteger.ZERO;
      }
    }
    return String.join(".", arcs);
  }

  /** The first two arcs share a number (X.690, 8.19.4). */
  private static void addArc(List<String> arcs, BigInteger arc) {
    if (arcs.isEmpty()) {
      int root = arc.compareTo(BigInteger.valueOf(80)) >= 0 ? 2 : arc.intValue() / 40;
      arcs.add(Integer.toString(root));
      arcs.add(arc.subtract(BigInteger.valueOf(40L * root)).toString());
    } else {
      arcs.add(arc.toString());
    }
  }

  /** @throws IllegalArgumentException if something is left */
  void finish() {
    if (hasMore()) {
      throw malformed("nothing more expected");
    }
  }

  private int length() {
    int length = next();
    if (length > 0x7f) {
      int octets = length & 0x7f;
      if (octets == 0 || octets > 3) {
        throw malformed("length");
      }
      length = 0;
      for (int i = 0; i < octets; i++) {
        length = length << 8 | next();
      }
      if (length <= 0x7f || length < 1 << 8 * (octets - 1)) {
        throw malformed("length longer than it need be");
      }
    }
    if (length > end - position) {
      throw malformed("length");
    }
    return length;
  }

  private int next() {
    if (!hasMore()) {
      throw malformed("cut short");
    }
    return data[position++] & 0xff;
  }

  private static IllegalArgumentException malformed(String problem) {
    return new IllegalArgumentException("CSR attributes: not DER (" + problem + ")");
  }

  static byte[] encode(int tag, byte[]... contents) {
    int length = 0;
    for (byte[] content : contents) {
      length += content.length;
    }
    ByteArrayOutputStream out = new ByteArrayOutputStream(length + 5);
    out.write(tag);
    if (length > 0x7f) {
      byte[] octets = BigInteger.valueOf(length).toByteArray();
      int skip = octets[0] == 0 ? 1 : 0;
      out.write(0x80 | octets.length - skip);
      out.write(octets, skip, octets.length - skip);
    } else {
      out.write(length);
    }
    for (byte[] content : contents) {
      out.writeBytes(content);
    }
    return out.toByteArray();
  }

  static byte[] encode(int tag, List<byte[]> contents) {
    return encode(tag, contents.toArray(byte[][]::new));
  }

  /** In the order that DER wants (X.690, 11.6). */
  static byte[] encodeSet(int tag, List<byte[]> contents) {
    List<byte[]> sorted = new ArrayList<>(contents);
    sorted.sort(Arrays::compareUnsigned);
    return encode(tag, sorted);
  }

  static byte[] encodeInteger(long value) {
    return encode(INTEGER, BigInteger.valueOf(value).toByteArray());
  }

  static byte[] encodeOid(String oid) {
    String[] arcs = oid.split("\\.", -1);
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    writeArc(
        out, new BigInteger(arcs[0]).multiply(BigInteger.valueOf(40)).add(new BigInteger(arcs[1])));
    for (int i = 2; i < arcs.length; i++) {
      writeArc(out, new BigInteger(arcs[i]));
    }
    return encode(OID, out.toByteArray());
  }

  private static void writeArc(ByteArrayOutputStream out, BigInteger arc) {
    for (int shift = Math.max(0, (arc.bitLength() - 1) / 7 * 7); shift >= 0; shift -= 7) {
      int bits = arc.shiftRight(shift).intValue() & 0x7f;
      out.write(shift == 0 ? bits : bits | 0x80);
    }
  }
}
