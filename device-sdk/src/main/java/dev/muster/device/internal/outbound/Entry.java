/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.internal.outbound;

import dev.muster.device.MessageClass;
import org.jspecify.annotations.Nullable;

/** A message in memory. Owned by the owner thread once it was accepted. */
public final class Entry {
  private static final long UNWRITTEN = 0;

  final MessageClass messageClass;
  final Message message;
  final long timeMs;
  final @Nullable Receipt receipt;
  long number = UNWRITTEN;
  boolean settled;

  Entry(MessageClass messageClass, Message message, long timeMs, @Nullable Receipt receipt) {
    this.messageClass = messageClass;
    this.message = message;
    this.timeMs = timeMs;
    this.receipt = receipt;
  }

  public Message message() {
    return message;
  }

  boolean isWritten() {
    return number != UNWRITTEN;
  }

  int bytes() {
    return message.payload().length;
  }
}
