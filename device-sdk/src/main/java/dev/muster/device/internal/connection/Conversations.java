/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.internal.connection;

import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;

/** Threads for what waits for a server: for the enrollment server, or a handshake. */
public interface Conversations extends Executor {
  /**
   * Runs a conversation as soon as a thread is free, before all else that waits for one.
   *
   * @throws RejectedExecutionException if there will be none
   */
  @Override
  void execute(Runnable conversation);

  /**
   * Has one that has waited for long be begun: ends what may be ended.
   *
   * @return whether it still waits
   */
  boolean makeRoom(Runnable conversation);
}
