/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.simulator.client;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** A link with which can be done what devices do not do by themselves. Nothing blocks. */
public interface ControlledLink extends DeviceLink {
  /** Begins to enroll, and does not connect before {@link #start}. */
  void enroll();

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

  /** Asks for another certificate with another key, and goes on with that. */
  void renew();

  /** From now on there is a second device with the same key, or no more. */
  void duplicate(boolean there);

  /** From now on, connected anew, it shows the certificate of its factory, or its own again. */
  void disguise(boolean disguised);
}
