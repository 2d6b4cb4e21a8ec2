/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.simulator.client;

import dev.muster.protocol.telemetry.MessageIdentity;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * The messages that a device has not seen acknowledged: those that wait, and those in flight. What
 * was in flight when a connection was lost goes first on the next, in its order. Confined to one
 * thread.
 */
final class Outbox {
  /** About a quarter of an hour at a message a second. */
  static final int CAPACITY = 1000;
  /** What a broker that names no limit is given at once. */
  static final int WINDOW = 10;

  /** The one above is that of the subscription. */
  private static final int MAX_PACKET_ID = MqttConnection.SUBSCRIPTION - 1;

  /**
   * A message, and who waits for its acknowledgement.
   *
   * @param identity null if it is no telemetry
   */
  record Message(
      String topic,
      byte[] payload,
      @Nullable MessageIdentity identity,
      CompletableFuture<Void> receipt) {}

  /** A message on its way. @param again whether it was on its way before */
  record Packet(int id, boolean again, Message message) {}

  private record Waiting(boolean again, Message message) {}

  private final Deque<Waiting> waiting = new ArrayDeque<>();
  private final Map<Integer, Packet> inFlight = new LinkedHashMap<>();
  private int window = WINDOW;
  private int lastId;

  /** @return false if there is no place for it */
  boolean offer(Message message) {
    if (waiting.size() + inFlight.size() >= CAPACITY) {
      return false;
    }
    waiting.add(new Waiting(false, message));
    return true;
  }

  /** A connection stands. @param most that the broker is given at once */
  void connected(int most) {
    window = most;
  }

  /** The next to be sent; null if there is none, or the broker has enough to do. */
  @Nullable Packet next() {
    Waiting first = inFlight.size() < window ? waiting.poll() : null;
    if (first == null) {
      return null;
    }
    Packet packet = new Packet(freeId(), first.again, first.message);
    inFlight.put(packet.id(), packet);
    return packet;
  }

  /** Takes out what was answered; null if nothing of that number is on its way. */
  @Nullable Message answered(int id) {
    Packet packet = inFlight.remove(id);
    return packet == null ? null : packet.message();
  }

  /** The connection is gone. */
  void disconnected() {
    List<Packet> lost = new ArrayList<>(inFlight.values());
    inFlight.clear();
    for (int i = lost.size() - 1; i >= 0; i--) {
      waiting.addFirst(new Waiting(true, lost.get(i).message()));
    }
  }

  /** Takes out everything: nobody will send it. */
  List<Message> drain() {
    disconnected();
    List<Message> all = waiting.stream().map(Waiting::message).toList();
    waiting.clear();
    return all;
  }

  private int freeId() {
    do {
      lastId = lastId % MAX_PACKET_ID + 1;
    } while (inFlight.containsKey(lastId));
    return lastId;
  }
}
