/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.internal.mqtt.packet;

import static dev.muster.device.internal.mqtt.packet.MalformedPacketException.malformed;
import static dev.muster.device.internal.mqtt.packet.MalformedPacketException.protocolError;

import java.nio.ByteBuffer;
import java.util.BitSet;
import org.jspecify.annotations.Nullable;

/** The properties of a packet (MQTT 5, 2.2.2): all are checked, those that matter are kept. */
final class Properties {
  static final int CONTENT_TYPE = 0x03;
  static final int SERVER_KEEP_ALIVE = 0x13;
  static final int REASON_STRING = 0x1F;
  static final int RECEIVE_MAXIMUM = 0x21;
  static final int MAXIMUM_QOS = 0x24;
  static final int USER_PROPERTY = 0x26;
  static final int MAXIMUM_PACKET_SIZE = 0x27;
  private static final int SUBSCRIPTION_IDENTIFIER = 0x0B;
  private static final int TOPIC_ALIAS = 0x23;
  private static final int LAST = 0x2A;

  private final long[] numbers = new long[LAST + 1];
  private final BitSet present = new BitSet(LAST + 1);
  private @Nullable String reasonString;

  private Properties() {}

  /** Reads them with their length; what follows them is left. */
  static Properties read(ByteBuffer in) throws MalformedPacketException {
    Properties properties = new Properties();
    ByteBuffer own = Fields.slice(in, Fields.variableInteger(in), "properties");
    while (own.hasRemaining()) {
      properties.readOne(own);
    }
    return properties;
  }

  private void readOne(ByteBuffer in) throws MalformedPacketException {
    int id = Fields.octet(in);
    switch (id) {
      case 0x01, 0x17, 0x19, MAXIMUM_QOS, 0x25, 0x28, 0x29, LAST -> once(id, Fields.octet(in));
      case SERVER_KEEP_ALIVE, RECEIVE_MAXIMUM, 0x22, TOPIC_ALIAS -> once(id, Fields.twoOctets(in));
      case 0x02, 0x11, 0x18, MAXIMUM_PACKET_SIZE -> once(id, Fields.fourOctets(in));
      case SUBSCRIPTION_IDENTIFIER -> Fields.variableInteger(in); // May be there many times.
      case CONTENT_TYPE, 0x08, 0x12, 0x15, 0x1A, 0x1C -> {
        once(id, 0);
        Fields.text(in);
      }
      case REASON_STRING -> {
        once(id, 0);
        reasonString = Fields.text(in);
      }
      case 0x09, 0x16 -> {
        once(id, 0);
        Fields.binary(in);
      }
      case USER_PROPERTY -> {
        Fields.text(in);
        Fields.text(in);
      }
      default -> throw malformed("property: " + id + " (expected: one of MQTT 5)");
    }
  }

  private void once(int id, long value) throws MalformedPacketException {
    if (present.get(id)) {
      throw protocolError("property: " + id + " twice (expected: once)");
    }
    present.set(id);
    numbers[id] = value;
  }

  long number(int id, long otherwise) {
    return present.get(id) ? numbers[id] : otherwise;
  }

  boolean hasTopicAlias() {
    return present.get(TOPIC_ALIAS);
  }

  @Nullable String reasonString() {
    return reasonString;
  }
}
