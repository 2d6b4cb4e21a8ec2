/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.simulator.client;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** A link to whose network can be done what networks do. Nothing blocks. */
public interface NetworkedLink extends DeviceLink {
  /** Resets the connection, as a network does that fails; the device comes back by itself. */
  void cut();

  /**
   * Lets the other end of the connection be gone without a word, as when it was unplugged, or a
   * firewall forgot the connection; the device comes back when it has noticed.
   *
   * @param timeout after which it does; null: as its keep-alive says
   */
  void abandon(@Nullable Duration timeout);

  /** From now on the device's bytes go over such a network. */
  void network(NetworkConditions conditions);
}
