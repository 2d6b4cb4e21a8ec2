/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.internal.mqtt;

/**
 * What happens to a link: at most one {@code onConnected} first, at the end exactly one
 * {@code onEnded}.
 */
public interface LinkEvents {
  /**
   * The CONNACK is here.
   *
   * @param receiveMaximum how many messages the broker takes unacknowledged (MQTT 5, 3.2.2.3.3)
   * @param maximumPacketSize in bytes (MQTT 5, 3.2.2.3.6)
   */
  void onConnected(int receiveMaximum, long maximumPacketSize);

  /**
   * A PUBACK is here.
   *
   * @param reason the reason code: 0x80 and above is a refusal
   * @param detail why it was refused; empty if it was not
   */
  void onAcknowledged(OutboundMessage message, int reason, String detail);

  /** A message has come to what was subscribed to; it is acknowledged when this returns. */
  void onMessage(String topic, byte[] payload);

  /** The link is over, or never came up. */
  void onEnded(LinkEnd end);
}
