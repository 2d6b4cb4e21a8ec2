/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker;

import io.netty.channel.Channel;
import io.netty.channel.ChannelOutboundBuffer;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Closes connections whose clients do not read what they are sent. HiveMQ holds messages back from
 * them, but not its answers: each PUBACK and PINGRESP waits in memory; and it closes a connection
 * of MQTT 5 only when the client has taken the DISCONNECT. For one thread.
 */
final class UnreadConnections {
  private static final Logger LOG = LoggerFactory.getLogger(UnreadConnections.class);

  /** A client that takes half a kilobyte in a second is slow, and served. */
  private static final long LIMIT_NS = TimeUnit.MINUTES.toNanos(2);

  private final Set<Channel> channels;
  private final long mostBytes;
  private final LongSupplier nanoTime;
  private final Map<Channel, Long> fullSince = new HashMap<>();

  /**
   * @param channels those that are open now, whenever it is asked
   * @param mostBytes of what may wait for one client, however short
   * @param nanoTime grows steadily, as {@link System#nanoTime}
   */
  UnreadConnections(Set<Channel> channels, long mostBytes, LongSupplier nanoTime) {
    this.channels = channels;
    this.mostBytes = mostBytes;
    this.nanoTime = nanoTime;
  }

  /** To be called once a second. Does not block. */
  void look() {
    fullSince.keySet().removeIf(channel -> !channel.isActive() || channel.isWritable());
    for (Channel channel : channels) {
      ChannelOutboundBuffer waiting = channel.unsafe().outboundBuffer();
      if (waiting != null && !channel.isWritable()) {
        look(channel, waiting.totalPendingWriteBytes());
      }
    }
  }

  private void look(Channel channel, long waiting) {
    long now = nanoTime.getAsLong();
    long since = fullSince.computeIfAbsent(channel, full -> now);
    if (waiting > mostBytes || now - since > LIMIT_NS) {
      LOG.warn(
          "Connection closed, as its client does not read address={} waitingBytes={}",
          channel.remoteAddress(),
          waiting);
      channel.close();
    }
  }
}
