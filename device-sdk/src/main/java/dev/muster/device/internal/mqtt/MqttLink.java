/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.internal.mqtt;

/** One connection. No method blocks; all are called on the device's loop. */
public interface MqttLink {
  /**
   * Sends a message with QoS 1.
   *
   * @return whether it is on its way; if not, the link is about to end
   */
  boolean publish(OutboundMessage message);

  /** Subscribes with QoS 1; what comes is told to {@link LinkEvents#onMessage}. */
  void subscribe(String filter);

  /** Says goodbye and ends; ends hard if that takes longer than a second. */
  void close();
}
