/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.internal.mqtt;

import dev.muster.protocol.telemetry.MessageIdentity;
import org.jspecify.annotations.Nullable;

/**
 * A message to send. Arrays are not copied: nobody changes them.
 *
 * @param topic the whole topic
 * @param identity null if the backend need not recognize it
 */
@SuppressWarnings("ArrayRecordComponent")
public record OutboundMessage(
    String topic,
    byte[] payload,
    String contentType,
    @Nullable MessageIdentity identity) {
  /**
   * Room for a PUBLISH's fixed parts and property keys; generous, for a limit that is rarely near.
   */
  private static final int OVERHEAD_BYTES = 128;

  /** No less than the PUBLISH packet has. */
  public long packetBytes() {
    return payload.length + topic.length() + contentType.length() + OVERHEAD_BYTES;
  }
}
