/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.session;

/** Hears what becomes of sessions. Nothing here may block or throw. */
public interface SessionListener {
  /** A client was let in. One whose place it takes may still be there, and ends after this. */
  default void live(ClientSession session) {}

  /** A client can be sent something: it has subscribed, or has come back to its subscriptions. */
  default void listening(ClientSession session) {}

  /** A connection has ended. @param reason for people */
  default void ended(ClientSession session, String reason) {}
}
