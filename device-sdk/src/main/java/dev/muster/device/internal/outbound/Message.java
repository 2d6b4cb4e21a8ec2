/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.internal.outbound;

import dev.muster.protocol.telemetry.MessageIdentity;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** A message as it is kept. Arrays are not copied: nobody changes them. */
@SuppressWarnings("ArrayRecordComponent")
public record Message(Kind kind, String name, byte[] payload, MessageIdentity identity) {
  private static final int FIXED_BYTES = 11;

  /** Where it goes. */
  public enum Kind {
    TELEMETRY,
    EVENT
  }

  byte[] encode() {
    byte[] boot = identity.boot().getBytes(StandardCharsets.US_ASCII);
    byte[] topic = name.getBytes(StandardCharsets.US_ASCII);
    return ByteBuffer.allocate(FIXED_BYTES + boot.length + topic.length + payload.length)
        .put((byte) kind.ordinal())
        .put((byte) boot.length)
        .put((byte) topic.length)
        .putLong(identity.sequence())
        .put(boot)
        .put(topic)
        .put(payload)
        .array();
  }

  /** @throws IllegalArgumentException if it was not written here */
  static Message decode(byte[] bytes) {
    try {
      ByteBuffer in = ByteBuffer.wrap(bytes);
      Kind kind = in.get() == Kind.TELEMETRY.ordinal() ? Kind.TELEMETRY : Kind.EVENT;
      byte[] boot = new byte[in.get()];
      byte[] topic = new byte[in.get()];
      long sequence = in.getLong();
      in.get(boot).get(topic);
      byte[] payload = new byte[in.remaining()];
      in.get(payload);
      return new Message(
          kind,
          new String(topic, StandardCharsets.US_ASCII),
          payload,
          new MessageIdentity(new String(boot, StandardCharsets.US_ASCII), sequence));
    } catch (BufferUnderflowException | NegativeArraySizeException e) {
      throw new IllegalArgumentException("not a message", e);
    }
  }
}
