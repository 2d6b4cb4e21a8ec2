/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.telemetry;

import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/** Where telemetry is kept: a port. */
public interface TelemetrySink extends AutoCloseable {
  /** What became of a message. */
  enum Stored {
    /** It is kept. It may turn out to be a redelivery where that is found out only later. */
    NEW,
    /** It was there already: a redelivery. */
    DUPLICATE,
    /** It could not be read, and is kept as a dead letter. */
    DEAD_LETTER,
    /** It claims to be of the future, and is kept aside until that has come. */
    HELD
  }

  /**
   * Keeps a message. Returns at once; never throws.
   *
   * @return done when the message is on stable storage, on a thread of the sink that must not be
   *     blocked; exceptionally if it is not, or if that is not known: the device must keep it
   */
  CompletableFuture<Stored> store(TelemetryMessage message);

  /** Why it cannot store at present; empty if all is well. */
  Optional<String> problem();

  @Override
  void close();
}
