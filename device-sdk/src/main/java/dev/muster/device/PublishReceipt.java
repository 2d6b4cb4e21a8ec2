/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device;

import dev.muster.protocol.telemetry.MessageIdentity;
import java.util.concurrent.CompletableFuture;

/**
 * What a caller gets for a message. Its futures complete on the device's callback thread, and so
 * run what hangs on them without an executor: it should return soon (see {@link FleetDevice}).
 */
public interface PublishReceipt {
  /** How far a message has come. */
  enum Status {
    /** In memory. */
    ACCEPTED,
    /** On stable storage: it survives a power cut. */
    STORED,
    /** Handed to the connection; sent again should that break. */
    SENT,
    /** The broker has it. */
    ACKNOWLEDGED,
    /** It will not arrive; {@link #acknowledged} tells why. */
    DROPPED
  }

  /** Under which the message is stored, and by which a redelivery is recognized. */
  MessageIdentity identity();

  /** How far it has come by now. */
  Status status();

  /**
   * Completes when the message no longer depends on this program: on stable storage, or
   * acknowledged; exceptionally with a {@link PublishException}.
   */
  CompletableFuture<Void> stored();

  /** Completes at the PUBACK; exceptionally with a {@link PublishException}. */
  CompletableFuture<Void> acknowledged();
}
