/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.simulator.client;

import dev.muster.protocol.identity.DeviceId;
import dev.muster.protocol.telemetry.MessageIdentity;
import dev.muster.simulator.payload.ContentChecksum;
import dev.muster.simulator.payload.Reading;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/** How a virtual device reaches a backend: the part of a device that the simulator needs. */
public interface DeviceLink extends AutoCloseable {
  /** The command that every device does. */
  String COMMAND = "identify";

  /** Begins to enroll and connect; returns at once. */
  void start();

  /** Who the device is; empty until it is enrolled. */
  Optional<DeviceId> device();

  /** Sends a message, or keeps it until there is a connection; does not block. */
  Receipt send(Reading reading);

  /**
   * Takes the power away for a moment; does not block. The device starts again with what its disk
   * holds: key and certificate, and of the SDK the messages of its journal. What is only in memory
   * is forgotten, and messages are counted anew, as after any start.
   */
  void cutPower();

  /** Ends the connection; blocks for a short while at most. */
  @Override
  void close();

  /**
   * What came of a message.
   *
   * @param checksum of what was sent ({@link ContentChecksum})
   * @param acknowledged completes at the PUBACK, exceptionally if there will be none
   */
  record Receipt(MessageIdentity identity, int checksum, CompletableFuture<Void> acknowledged) {}

  /** Hears how a link is; called on any thread, never by two at once. */
  interface Listener {
    /** The device holds a valid LDevID. */
    void enrolled();

    /** The device is connected. */
    void online();

    /** It is not, or no more, and why, in one line. */
    void waiting(String reason);

    /** It asked for another certificate in vain, and goes on with the one it has. */
    default void renewalFailed(String reason) {
      // Only asked of those who can be told.
    }

    /** It has another certificate, for which it was asked to ask. */
    default void renewed() {
      // As above.
    }

    /**
     * The broker says that it is not authorized to be there (MQTT 5, 3.2.2.2 and 3.14.2.1: 0x87):
     * throws it out, or does not let it in. {@link #waiting} follows.
     */
    default void expelled() {
      // As above.
    }

    /**
     * It is as an operator wants it to be; of a light device, that was acknowledged too.
     *
     * @param changes to its twin that it heard of with that: it is told the newest state alone
     */
    default void adapted(long changes) {
      // As above.
    }

    /** What an operator told it to do, it has answered; of a light device, as above. */
    default void answered() {
      // As above.
    }

    /**
     * The broker has acknowledged a message whose receipt failed: the device had it in its journal,
     * when its power was cut or too many others were waited for, and sent it later.
     */
    default void delivered(MessageIdentity message) {
      // Of those who have a journal.
    }

    /** The certificate of its factory was refused, with which it was told to come. */
    default void turnedAway() {
      // As above.
    }

    /** It was let in with that. */
    default void intruded() {
      // As above.
    }

    /** Its duplicate, which was asked for, was let in. */
    default void duplicated() {
      // As above.
    }

    /** It is out of order until the run ends, and why; {@link #waiting} came before. */
    default void brokeDown(String reason) {
      // Of those who start again from a disk.
    }

    /** It has no other certificate to show, as it was told to, and why. */
    default void disguiseFailed(String reason) {
      // As above.
    }
  }

  /** Makes links. */
  interface Factory extends AutoCloseable {
    /** A link that was not started; may block on the disk. */
    DeviceLink open(String serial, Listener listener);

    /**
     * Whether opening and closing a link may block, so that each needs a thread, and only a few are
     * started at once. Otherwise devices start exactly when they are to.
     */
    default boolean blocks() {
      return true;
    }

    /** Ends what the links had in common. */
    @Override
    default void close() {
      // Nothing is held.
    }
  }
}
