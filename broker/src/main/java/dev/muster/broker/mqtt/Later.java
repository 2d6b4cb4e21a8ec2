/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.mqtt;

import java.time.Duration;

/** Runs something after a while: a port. */
public interface Later {
  /** Returns at once. @param task runs on a thread that it may use for what does not block long */
  void run(Duration delay, Runnable task);
}
