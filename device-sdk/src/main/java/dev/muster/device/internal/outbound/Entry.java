/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.internal.outbound;

import dev.muster.device.MessageClass;
import dev.muster.device.internal.clock.DeviceClock;
import dev.muster.protocol.telemetry.SenmlJson;
import java.time.Duration;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/** A message in memory. Owned by the owner thread once it was accepted. */
public final class Entry {
  private static final long UNWRITTEN = 0;

  final MessageClass messageClass;
  final Message message;
  final @Nullable Receipt receipt;
  long number = UNWRITTEN;
  boolean settled;

  Entry(MessageClass messageClass, Message message, @Nullable Receipt receipt) {
    this.messageClass = messageClass;
    this.message = message;
    this.receipt = receipt;
  }

  public Message message() {
    return message;
  }

  /** What to send: with its times corrected, if they were estimates and the time is known now. */
  public byte[] payload(DeviceClock clock) {
    OptionalLong correction = clock.correctionMs(message.stamp());
    return correction.isPresent()
        ? SenmlJson.shift(message.payload(), Duration.ofMillis(correction.getAsLong()))
        : message.payload();
  }

  long timeMs() {
    return message.stamp().timeMs();
  }

  boolean isWritten() {
    return number != UNWRITTEN;
  }

  int bytes() {
    return message.payload().length;
  }
}
