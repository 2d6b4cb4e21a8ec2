/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.simulator.client;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** A link with which can be done what devices do not do by themselves. Nothing blocks. */
public interface ControlledLink extends NetworkedLink {
  /** Begins to enroll, and does not connect before {@link #start}. */
  void enroll();

  /** Asks for another certificate with another key, and goes on with that. */
  void renew();

  /** @param longest that it waits between two attempts to connect; null: as devices do */
  void hurry(@Nullable Duration longest);

  /** From now on there is a second device with the same key, or no more. */
  void duplicate(boolean there);

  /** From now on, connected anew, it shows the certificate of its factory, or its own again. */
  void disguise(boolean disguised);
}
