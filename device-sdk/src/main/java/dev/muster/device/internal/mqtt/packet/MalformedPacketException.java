/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.internal.mqtt.packet;

import java.util.Locale;

/** What came is not MQTT 5, or not what a client may be sent. */
public final class MalformedPacketException extends Exception {
  private static final long serialVersionUID = 1L;

  private final int reason;

  MalformedPacketException(int reason, String message) {
    super(message);
    this.reason = reason;
  }

  static MalformedPacketException malformed(String message) {
    return new MalformedPacketException(0x81, message);
  }

  static MalformedPacketException protocolError(String message) {
    return new MalformedPacketException(0x82, message);
  }

  static MalformedPacketException tooLarge(long size, int limit) {
    return new MalformedPacketException(
        0x95, "packet: " + size + " bytes (expected: at most " + limit + ", as we have said)");
  }

  /** More messages than may wait for our acknowledgement. */
  public static MalformedPacketException tooMany(int limit) {
    return new MalformedPacketException(
        0x93, "messages: more than " + limit + " unacknowledged, as we have said");
  }

  /** A packet that is well made, but not to be sent now. */
  public static MalformedPacketException unexpected(String when, Packet packet) {
    return protocolError(
        packet.getClass().getSimpleName().toUpperCase(Locale.ROOT) + ": unexpected " + when);
  }

  /** The reason code to hang up with (MQTT 5, 4.13). */
  public int reason() {
    return reason;
  }
}
