/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.internal.connection;

import dev.muster.protocol.topic.FleetTopics;
import java.nio.file.Path;
import java.util.concurrent.Executor;
import java.util.function.Consumer;

/**
 * What a device talks about with the backend besides sending messages. Called by the owner thread,
 * apart from {@link #isWanted}.
 */
public interface Dialogue {
  /** Sends on one connection; does nothing once that is over. */
  interface Speaker {
    /**
     * Sends with QoS 1.
     *
     * @param whenSettled told on the owner thread whether the broker has taken it, or refuses it;
     *     never if the connection ends before
     */
    void say(String topic, byte[] payload, Consumer<Boolean> whenSettled);
  }

  /**
   * Reads what an earlier start has left.
   *
   * @param owner runs tasks on the owner thread; after each it looks what is wanted
   */
  void begin(Path stateDirectory, Executor owner);

  /** Whether the program wants to hear of it; it is not subscribed to before. */
  boolean isWanted();

  /** What to subscribe to. */
  String filter(FleetTopics topics);

  /** There is a connection. */
  void connected(FleetTopics topics, Speaker speaker);

  /** A message has come; @return whether it was for this dialogue */
  boolean heard(String topic, byte[] payload);

  /** The connection is gone. */
  void disconnected();

  /** Whether something was put off that belongs on the disk. */
  default boolean needsStore() {
    return false;
  }

  /** A moment to write to the disk what was put off. */
  default void store() {}

  /** Ends it, and closes files. */
  void end();
}
