/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.internal.outbound;

import dev.muster.device.internal.clock.Stamp;
import dev.muster.protocol.telemetry.MessageIdentity;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.UUID;

/** A message as it is kept. Arrays are not copied: nobody changes them. */
@SuppressWarnings("ArrayRecordComponent")
public record Message(
    Kind kind, String name, byte[] payload, MessageIdentity identity, Stamp stamp) {
  private static final int FIXED_BYTES = 12;
  private static final int STAMP_BYTES = 24;
  private static final UUID NO_MACHINE = new UUID(0, 0);

  /** Where it goes. */
  public enum Kind {
    TELEMETRY,
    EVENT
  }

  byte[] encode() {
    byte[] boot = identity.boot().getBytes(StandardCharsets.US_ASCII);
    byte[] topic = name.getBytes(StandardCharsets.US_ASCII);
    int stampBytes = stamp.estimated() ? STAMP_BYTES : 0;
    ByteBuffer out =
        ByteBuffer.allocate(FIXED_BYTES + stampBytes + boot.length + topic.length + payload.length);
    out.put((byte) kind.ordinal()).put((byte) (stamp.estimated() ? 1 : 0));
    if (stamp.estimated()) {
      out.putLong(stamp.machine().getMostSignificantBits())
          .putLong(stamp.machine().getLeastSignificantBits())
          .putLong(stamp.ticks());
    }
    return out.put((byte) boot.length)
        .put((byte) topic.length)
        .putLong(identity.sequence())
        .put(boot)
        .put(topic)
        .put(payload)
        .array();
  }

  /** @throws IllegalArgumentException if it was not written here */
  static Message decode(byte[] bytes, long timeMs) {
    try {
      ByteBuffer in = ByteBuffer.wrap(bytes);
      Kind kind = in.get() == Kind.TELEMETRY.ordinal() ? Kind.TELEMETRY : Kind.EVENT;
      Stamp stamp = in.get() == 1
          ? new Stamp(timeMs, true, new UUID(in.getLong(), in.getLong()), in.getLong())
          : new Stamp(timeMs, false, NO_MACHINE, 0);
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
          new MessageIdentity(new String(boot, StandardCharsets.US_ASCII), sequence),
          stamp);
    } catch (BufferUnderflowException | NegativeArraySizeException e) {
      throw new IllegalArgumentException("not a message", e);
    }
  }
}
