/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.bench;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/** The few packets of MQTT that a client needs to publish, and to be a nuisance. */
public final class MqttPackets {
  static final int CONNACK = 2;
  static final int PUBACK = 4;
  static final int DISCONNECT = 14;
  public static final int MQTT_3 = 4;
  public static final int MQTT_5 = 5;
  public static final byte[] PINGREQ = {(byte) 0xC0, 0};

  private static final int PUBLISH_QOS_1 = 0x32;
  private static final int RETAIN = 1;
  private static final int USER_PROPERTY = 0x26;

  private MqttPackets() {}

  /** With a clean start. */
  public static byte[] connect(int version, String clientId, int keepAliveSeconds) {
    byte[] id = utf8(clientId);
    int properties = version == MQTT_5 ? 1 : 0;
    ByteBuffer packet = begin(0x10, 10 + properties + 2 + id.length);
    string(packet, utf8("MQTT")).put((byte) version).put((byte) 2);
    packet.putShort((short) keepAliveSeconds);
    if (version == MQTT_5) {
      packet.put((byte) 0);
    }
    return string(packet, id).array();
  }

  /**
   * With QoS 1.
   *
   * @param properties user properties, for MQTT 5; less than 128 bytes in all
   */
  public static byte[] publish(
      int version,
      String topic,
      boolean retain,
      int packetId,
      Map<String, String> properties,
      byte[] payload) {
    byte[] name = utf8(topic);
    int length = 0;
    for (Map.Entry<String, String> property : properties.entrySet()) {
      length += 5 + property.getKey().length() + property.getValue().length();
    }
    int head = 2 + name.length + 2 + (version == MQTT_5 ? 1 + length : 0);
    ByteBuffer packet = begin(PUBLISH_QOS_1 | (retain ? RETAIN : 0), head + payload.length);
    string(packet, name).putShort((short) packetId);
    if (version == MQTT_5) {
      packet.put((byte) length);
      properties.forEach((key, value) -> {
        packet.put((byte) USER_PROPERTY);
        string(string(packet, utf8(key)), utf8(value));
      });
    }
    return packet.put(payload).array();
  }

  /** Of MQTT 5, with QoS 0: nothing waits for an acknowledgement. */
  public static byte[] subscribe(int packetId, String filter) {
    byte[] name = utf8(filter);
    ByteBuffer packet = begin(0x82, 2 + 1 + 2 + name.length + 1);
    packet.putShort((short) packetId).put((byte) 0);
    return string(packet, name).put((byte) 0).array();
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static ByteBuffer string(ByteBuffer packet, byte[] text) {
    return packet.putShort((short) text.length).put(text);
  }

  private static ByteBuffer begin(int type, int remaining) {
    int bytes = 1;
    for (int rest = remaining >> 7; rest > 0; rest >>= 7) {
      bytes++;
    }
    ByteBuffer packet = ByteBuffer.allocate(1 + bytes + remaining).put((byte) type);
    int rest = remaining;
    for (int i = 1; i < bytes; i++) {
      packet.put((byte) (rest | 0x80));
      rest >>= 7;
    }
    return packet.put((byte) rest);
  }

  /** What is done with a packet. */
  interface Reader {
    /** @param body what follows the length */
    void packet(int type, ByteBuffer body);
  }

  /** Reads the whole packets that there are, and leaves the rest. */
  static void read(ByteBuffer in, Reader reader) {
    while (true) {
      in.mark();
      int length = 0;
      int shift = 0;
      boolean whole = in.remaining() >= 2;
      int type = whole ? (in.get() & 0xff) >> 4 : 0;
      for (boolean more = whole; more; ) {
        if (!in.hasRemaining()) {
          whole = false;
          break;
        }
        byte next = in.get();
        length |= (next & 0x7f) << shift;
        shift += 7;
        more = next < 0;
      }
      if (!whole || in.remaining() < length) {
        in.reset();
        return;
      }
      reader.packet(type, in.slice().limit(length));
      in.position(in.position() + length);
    }
  }
}
