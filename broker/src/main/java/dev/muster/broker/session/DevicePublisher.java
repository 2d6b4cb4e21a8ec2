/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.session;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** Publishes for the backend: a port, which the broker's own service fulfils. */
public interface DevicePublisher {
  /**
   * Hands a message to the session of one client, with QoS 1. Returns at once.
   *
   * @param expiry how long it is worth delivering; null: for ever
   * @return whether the client has subscribed to the topic, if not, nothing is sent; that it has
   *     received the message, nobody says
   */
  CompletableFuture<Boolean> send(
      ClientSession session, String topic, byte[] payload, @Nullable Duration expiry);

  /**
   * Publishes what a device has sent by another way than MQTT to whoever listens now. Returns at
   * once.
   */
  CompletableFuture<Void> pass(String topic, byte[] payload, @Nullable String contentType);

  /** Publishes a retained message to whoever listens, now or later. Returns at once. */
  CompletableFuture<Void> retain(String topic, byte[] payload);
}
