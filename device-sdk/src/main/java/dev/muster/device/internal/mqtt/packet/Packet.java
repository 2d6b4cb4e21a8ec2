/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.internal.mqtt.packet;

import org.jspecify.annotations.Nullable;

/** What a broker sends to a client that speaks of QoS 0 and 1, and authenticates by TLS. */
public sealed interface Packet {
  /**
   * The answer to CONNECT (MQTT 5, 3.2).
   *
   * @param keepAliveSeconds the broker's, which replaces ours; -1 if it leaves that to us
   */
  record ConnAck(
      int reason,
      @Nullable String reasonString,
      int receiveMaximum,
      long maximumPacketSize,
      int maximumQos,
      int keepAliveSeconds)
      implements Packet {}

  /** A message (3.3). @param id 0 for QoS 0 */
  @SuppressWarnings("ArrayRecordComponent")
  record Publish(String topic, int id, byte[] payload) implements Packet {}

  /** 3.4. */
  record PubAck(int id, int reason, @Nullable String reasonString) implements Packet {}

  /** For the one filter that a SUBSCRIBE of ours has (3.9). */
  record SubAck(int id, int reason, @Nullable String reasonString) implements Packet {}

  /** 3.13. */
  record PingResp() implements Packet {}

  /** The broker hangs up (3.14). */
  record Disconnect(int reason, @Nullable String reasonString) implements Packet {}
}
