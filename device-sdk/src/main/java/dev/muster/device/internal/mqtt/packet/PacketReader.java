/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.internal.mqtt.packet;

import static dev.muster.device.internal.mqtt.packet.MalformedPacketException.malformed;
import static dev.muster.device.internal.mqtt.packet.MalformedPacketException.protocolError;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Reads what a broker sends, strictly: each length is checked against what is there, and nothing is
 * allocated by a length that is not.
 */
public final class PacketReader {
  private static final int CONNACK = 2;
  private static final int PUBLISH = 3;
  private static final int PUBACK = 4;
  private static final int SUBACK = 9;
  private static final int PINGRESP = 13;
  private static final int DISCONNECT = 14;
  private static final int MAX_LENGTH_OCTETS = 4;
  private static final int DEFAULT_RECEIVE_MAXIMUM = 65_535;
  private static final int ANY_QOS = 2;
  private static final int FIRST_FAILURE = 0x80;

  private final int maximumPacketSize;

  /** @param maximumPacketSize larger ones are refused as soon as their length is here */
  public PacketReader(int maximumPacketSize) {
    this.maximumPacketSize = maximumPacketSize;
  }

  /**
   * How many bytes the packet at the position has, with its header; 0 if too few are here to tell.
   */
  public int sizeOfNext(ByteBuffer in) throws MalformedPacketException {
    int length = 0;
    for (int i = 0; i < MAX_LENGTH_OCTETS; i++) {
      int at = in.position() + 1 + i;
      if (at >= in.limit()) {
        return 0;
      }
      int octet = in.get(at);
      length |= (octet & 0x7F) << 7 * i;
      if (octet >= 0) {
        return checked(length + 2 + i);
      }
    }
    throw malformed("remaining length: longer than " + MAX_LENGTH_OCTETS + " octets");
  }

  private int checked(int size) throws MalformedPacketException {
    if (size > maximumPacketSize) {
      throw MalformedPacketException.tooLarge(size, maximumPacketSize);
    }
    return size;
  }

  /** Reads the next packet; null, and nothing is read, if it is not all here. */
  public @Nullable Packet next(ByteBuffer in) throws MalformedPacketException {
    int size = sizeOfNext(in);
    if (size == 0 || in.remaining() < size) {
      return null;
    }
    int header = in.get() & 0xFF;
    int length = Fields.variableInteger(in);
    return read(header >> 4, header & 0x0F, Fields.slice(in, length, "packet"));
  }

  private static Packet read(int type, int flags, ByteBuffer body) throws MalformedPacketException {
    if (type == PUBLISH) {
      return publish(flags, body);
    }
    if (flags != 0) {
      throw malformed("flags: " + flags + " of packet type " + type + " (expected: 0)");
    }
    Packet packet = switch (type) {
      case CONNACK -> connAck(body);
      case PUBACK -> pubAck(body);
      case SUBACK -> subAck(body);
      case PINGRESP -> new Packet.PingResp();
      case DISCONNECT -> disconnect(body);
      default -> throw protocolError("packet type: " + type + " (expected: one that we ask for)");
    };
    if (body.hasRemaining()) {
      throw malformed("packet type " + type + ": " + body.remaining() + " bytes too many");
    }
    return packet;
  }

  private static Packet connAck(ByteBuffer body) throws MalformedPacketException {
    int flags = Fields.octet(body);
    int reason = Fields.octet(body);
    Properties properties = Properties.read(body);
    if (flags != 0) {
      // With a clean start there is no session, and the other bits mean nothing (3.2.2.1).
      throw protocolError("CONNACK: flags " + flags + " (expected: 0, for a new session)");
    }
    return new Packet.ConnAck(
        reason,
        properties.reasonString(),
        (int) positive(properties, Properties.RECEIVE_MAXIMUM, DEFAULT_RECEIVE_MAXIMUM),
        positive(properties, Properties.MAXIMUM_PACKET_SIZE, Long.MAX_VALUE),
        (int) properties.number(Properties.MAXIMUM_QOS, ANY_QOS),
        (int) properties.number(Properties.SERVER_KEEP_ALIVE, -1));
  }

  private static long positive(Properties properties, int id, long otherwise)
      throws MalformedPacketException {
    long value = properties.number(id, otherwise);
    if (value == 0) {
      throw protocolError("property: " + id + " is 0 (expected: at least 1)");
    }
    return value;
  }

  private static Packet publish(int flags, ByteBuffer body) throws MalformedPacketException {
    int qos = flags >> 1 & 0x03;
    if (qos > 1) {
      throw protocolError("PUBLISH: QoS " + qos + " (expected: at most 1, as we have subscribed)");
    }
    String topic = Fields.text(body);
    int id = qos == 0 ? 0 : identifier(body);
    if (topic.isEmpty() || Properties.read(body).hasTopicAlias()) {
      throw protocolError("PUBLISH: without a topic (expected: one, for we take no aliases)");
    }
    byte[] payload = new byte[body.remaining()];
    body.get(payload);
    return new Packet.Publish(topic, id, payload);
  }

  private static int identifier(ByteBuffer body) throws MalformedPacketException {
    int id = Fields.twoOctets(body);
    if (id == 0) {
      throw protocolError("packet identifier: 0 (expected: 1 to 65535)");
    }
    return id;
  }

  private static Packet pubAck(ByteBuffer body) throws MalformedPacketException {
    int id = identifier(body);
    int reason = body.hasRemaining() ? Fields.octet(body) : 0;
    // Success needs no words, and comes for each message.
    String detail = body.hasRemaining() ? Properties.read(body).reasonString() : null;
    return new Packet.PubAck(id, reason, reason < FIRST_FAILURE ? null : detail);
  }

  private static Packet subAck(ByteBuffer body) throws MalformedPacketException {
    int id = identifier(body);
    String detail = Properties.read(body).reasonString();
    return new Packet.SubAck(id, Fields.octet(body), detail);
  }

  private static Packet disconnect(ByteBuffer body) throws MalformedPacketException {
    int reason = body.hasRemaining() ? Fields.octet(body) : 0;
    String detail = body.hasRemaining() ? Properties.read(body).reasonString() : null;
    return new Packet.Disconnect(reason, detail);
  }
}
