/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.internal.mqtt.packet;

import static dev.muster.device.internal.mqtt.packet.MalformedPacketException.malformed;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;

/** What packets are made of (MQTT 5, 1.5), with a clear word for what ends too early. */
final class Fields {
  private static final int MAX_VARIABLE_OCTETS = 4;

  private Fields() {}

  static int octet(ByteBuffer in) throws MalformedPacketException {
    require(in, 1, "one octet");
    return in.get() & 0xFF;
  }

  static int twoOctets(ByteBuffer in) throws MalformedPacketException {
    require(in, 2, "two octets");
    return in.getShort() & 0xFFFF;
  }

  static long fourOctets(ByteBuffer in) throws MalformedPacketException {
    require(in, 4, "four octets");
    return in.getInt() & 0xFFFF_FFFFL;
  }

  static int variableInteger(ByteBuffer in) throws MalformedPacketException {
    int value = 0;
    for (int i = 0; i < MAX_VARIABLE_OCTETS; i++) {
      int octet = octet(in);
      value |= (octet & 0x7F) << 7 * i;
      if (octet < 0x80) {
        return value;
      }
    }
    throw malformed("variable integer: longer than " + MAX_VARIABLE_OCTETS + " octets");
  }

  static byte[] binary(ByteBuffer in) throws MalformedPacketException {
    byte[] bytes = new byte[twoOctets(in)];
    require(in, bytes.length, "binary data");
    in.get(bytes);
    return bytes;
  }

  /** UTF-8 without the character that no text may have (1.5.4). */
  static String text(ByteBuffer in) throws MalformedPacketException {
    byte[] bytes = binary(in);
    String text = isAscii(bytes) ? new String(bytes, StandardCharsets.US_ASCII) : decode(bytes);
    if (text.indexOf('\0') >= 0) {
      throw malformed("text: has the character U+0000");
    }
    return text;
  }

  private static boolean isAscii(byte[] bytes) {
    for (byte octet : bytes) {
      if (octet < 0) {
        return false;
      }
    }
    return true;
  }

  private static String decode(byte[] bytes) throws MalformedPacketException {
    try {
      return StandardCharsets.UTF_8
          .newDecoder()
          .onMalformedInput(CodingErrorAction.REPORT)
          .decode(ByteBuffer.wrap(bytes))
          .toString();
    } catch (CharacterCodingException e) {
      throw malformed("text: not UTF-8");
    }
  }

  /** The next {@code length} bytes, which are passed over. */
  static ByteBuffer slice(ByteBuffer in, int length, String what) throws MalformedPacketException {
    require(in, length, what);
    ByteBuffer slice = in.slice(in.position(), length);
    in.position(in.position() + length);
    return slice;
  }

  private static void require(ByteBuffer in, int bytes, String what)
      throws MalformedPacketException {
    if (in.remaining() < bytes) {
      throw malformed(what + ": ends after " + in.remaining() + " bytes (expected: " + bytes + ")");
    }
  }
}
