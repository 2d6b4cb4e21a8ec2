/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.telemetry.live;

import dev.muster.broker.telemetry.TelemetryMessage;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * What waits to be shown. When that is too much the oldest goes: who looks on wants to see what is
 * new. Safe for use by several threads.
 */
final class NewestMessages {
  /** Of payload, and of what goes with it. */
  static final long MAX_BYTES = 4L * 1024 * 1024;

  /** What a message takes beside its payload. */
  private static final int MESSAGE_BYTES = 256;

  /** What has waited. @param dropped how many messages had to go since the last time */
  record Taken(Deque<TelemetryMessage> messages, long dropped) {}

  private Deque<TelemetryMessage> messages = new ArrayDeque<>();
  private long bytes;
  private long dropped;

  /** @return whether nothing had waited before, so that nobody has been told to take it */
  synchronized boolean add(TelemetryMessage message) {
    boolean first = messages.isEmpty();
    messages.add(message);
    bytes += bytesOf(message);
    while (bytes > MAX_BYTES && messages.size() > 1) {
      bytes -= bytesOf(messages.remove());
      dropped++;
    }
    return first;
  }

  synchronized Taken take() {
    Taken taken = new Taken(messages, dropped);
    messages = new ArrayDeque<>();
    bytes = 0;
    dropped = 0;
    return taken;
  }

  private static long bytesOf(TelemetryMessage message) {
    return MESSAGE_BYTES + message.payloadBytes();
  }
}
