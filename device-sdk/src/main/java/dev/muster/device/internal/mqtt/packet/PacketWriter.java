/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.internal.mqtt.packet;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** Writes packets one after the other into a buffer that grows. */
public final class PacketWriter {
  private static final int CONNECT = 0x10;
  private static final int PUBLISH_QOS_1 = 0x32;
  private static final int PUBACK = 0x40;
  private static final int SUBSCRIBE = 0x82;
  private static final int PINGREQ = 0xC0;
  private static final int DISCONNECT = 0xE0;
  private static final int VERSION = 5;
  private static final int CLEAN_START = 0x02;
  private static final byte[] PROTOCOL = bytes("MQTT");
  private static final int LEAST_BYTES = 1024;

  /** A header, and the length of the properties, take no more. */
  private static final int ROOM = 16;

  /** What a burst has taken beyond this is given back. */
  private static final int KEPT_BYTES = 32 * 1024;

  private ByteBuffer out = ByteBuffer.allocate(LEAST_BYTES);

  /** What was written, to be read from; the reader calls {@link #taken}. */
  public ByteBuffer written() {
    return out.flip();
  }

  /** What was read of {@link #written} goes. */
  public void taken() {
    if (!out.hasRemaining() && out.capacity() > KEPT_BYTES) {
      out = ByteBuffer.allocate(LEAST_BYTES);
    } else {
      out.compact();
    }
  }

  /** How many bytes wait to be taken. */
  public int size() {
    return out.position();
  }

  /** 3.1; QoS 1 in both directions, a new session, no will. */
  public void connect(String clientId, int keepAliveSeconds, int receiveMaximum, int packetSize) {
    byte[] id = bytes(clientId);
    int properties = 3 + 5;
    header(CONNECT, 2 + PROTOCOL.length + 4 + 1 + properties + 2 + id.length);
    text(PROTOCOL);
    out.put((byte) VERSION).put((byte) CLEAN_START).putShort((short) keepAliveSeconds);
    out.put((byte) properties);
    out.put((byte) Properties.RECEIVE_MAXIMUM).putShort((short) receiveMaximum);
    out.put((byte) Properties.MAXIMUM_PACKET_SIZE).putInt(packetSize);
    text(id);
  }

  /**
   * 3.3, with QoS 1.
   *
   * @param userProperties names and values in turns
   */
  public void publish(
      int id, String topic, String contentType, byte[] payload, String... userProperties) {
    byte[] to = bytes(topic);
    byte[] type = bytes(contentType);
    byte[][] properties = new byte[userProperties.length][];
    int propertyBytes = 3 + type.length;
    for (int i = 0; i < properties.length; i++) {
      properties[i] = bytes(userProperties[i]);
      propertyBytes += properties[i].length + (i % 2 == 0 ? 3 : 2);
    }
    header(
        PUBLISH_QOS_1,
        2 + to.length + 2 + lengthOf(propertyBytes) + propertyBytes + payload.length);
    text(to);
    out.putShort((short) id);
    variableInteger(propertyBytes);
    out.put((byte) Properties.CONTENT_TYPE);
    text(type);
    for (int i = 0; i < properties.length; i += 2) {
      out.put((byte) Properties.USER_PROPERTY);
      text(properties[i]);
      text(properties[i + 1]);
    }
    out.put(payload);
  }

  /** 3.4: taken. */
  public void pubAck(int id) {
    header(PUBACK, 2);
    out.putShort((short) id);
  }

  /** 3.8, with QoS 1. */
  public void subscribe(int id, String filter) {
    byte[] to = bytes(filter);
    header(SUBSCRIBE, 2 + 1 + 2 + to.length + 1);
    out.putShort((short) id).put((byte) 0);
    text(to);
    out.put((byte) 1);
  }

  /** 3.12. */
  public void pingReq() {
    header(PINGREQ, 0);
  }

  /** 3.14. */
  public void disconnect(int reason) {
    if (reason == 0) {
      header(DISCONNECT, 0);
    } else {
      header(DISCONNECT, 1);
      out.put((byte) reason);
    }
  }

  private void header(int first, int length) {
    int needed = length + ROOM;
    if (out.remaining() < needed) {
      ByteBuffer larger =
          ByteBuffer.allocate(Math.max(2 * out.capacity(), out.position() + needed));
      out = larger.put(out.flip());
    }
    out.put((byte) first);
    variableInteger(length);
  }

  private void text(byte[] utf8) {
    out.putShort((short) utf8.length).put(utf8);
  }

  private void variableInteger(int value) {
    int rest = value;
    while (rest > 0x7F) {
      out.put((byte) (rest & 0x7F | 0x80));
      rest >>>= 7;
    }
    out.put((byte) rest);
  }

  private static int lengthOf(int value) {
    return value < 1 << 7 ? 1 : value < 1 << 14 ? 2 : value < 1 << 21 ? 3 : 4;
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
