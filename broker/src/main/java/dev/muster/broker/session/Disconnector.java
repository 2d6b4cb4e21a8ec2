/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.session;

import java.util.concurrent.CompletableFuture;

/** Ends connections: a port, which the broker's own service fulfils. */
public interface Disconnector {
  /** What a client is told, as far as its version of MQTT can be told anything. */
  enum Reason {
    NOT_AUTHORIZED,
    SERVER_BUSY,
    QUOTA_EXCEEDED,
    QOS_NOT_SUPPORTED
  }

  /**
   * Ends the connection of a session, without its last will. Returns at once.
   *
   * @param detail for the client, if it speaks MQTT 5
   * @return done when the connection is closed; never exceptionally
   */
  CompletableFuture<Void> disconnect(ClientSession session, Reason reason, String detail);
}
