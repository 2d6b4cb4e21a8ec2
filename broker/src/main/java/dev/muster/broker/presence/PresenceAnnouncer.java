/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.presence;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.muster.broker.session.DevicePublisher;
import dev.muster.protocol.identity.DeviceId;
import dev.muster.protocol.identity.DeviceSubject;
import dev.muster.protocol.topic.FleetTopics;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Publishes the presence of devices, one message after the other, and of each device what is so by
 * then: the last that is heard is what holds. On a thread of its own, so that nobody else waits
 * when thousands come or go at once. Safe for use by several threads.
 */
final class PresenceAnnouncer implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(PresenceAnnouncer.class);
  private static final long PUBLISH_SECONDS = 10;

  private final DevicePublisher publisher;
  private final ConcurrentMap<DeviceId, Presence> newest = new ConcurrentHashMap<>();
  /** Those that are to be told of. */
  private final Set<DeviceId> waiting = ConcurrentHashMap.newKeySet();

  private final ExecutorService teller = Executors.newSingleThreadExecutor(task -> {
    Thread thread = new Thread(task, "muster-presence");
    thread.setDaemon(true);
    return thread;
  });

  PresenceAnnouncer(DevicePublisher publisher) {
    this.publisher = publisher;
  }

  /** Notes what is to be told later; unless the device is known already, and better. */
  void prepare(DeviceId device, Presence presence) {
    newest.putIfAbsent(device, presence);
  }

  void announceAll() {
    newest.keySet().forEach(this::enqueue);
  }

  void announce(DeviceId device, Presence presence) {
    newest.put(device, presence);
    enqueue(device);
  }

  private void enqueue(DeviceId device) {
    if (waiting.add(device)) {
      try {
        teller.execute(() -> publish(device));
      } catch (RejectedExecutionException e) {
        // The broker has stopped: there is nobody to tell.
      }
    }
  }

  private void publish(DeviceId device) {
    // First, so that what comes from now on is told after this.
    waiting.remove(device);
    Presence presence = Objects.requireNonNull(newest.get(device));
    try {
      publisher
          .retain(topicOf(device, presence), message(presence))
          .get(PUBLISH_SECONDS, TimeUnit.SECONDS);
    } catch (ExecutionException | TimeoutException | RuntimeException e) {
      LOG.warn("Presence not published device={} error={}", device, e.toString());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static String topicOf(DeviceId device, Presence presence) {
    return new FleetTopics(new DeviceSubject(presence.fleet(), device)).presence();
  }

  private static byte[] message(Presence presence) {
    // The reason may hold what a certificate or a CRL says: escaped by the JSON writer.
    return JsonNodeFactory.instance
        .objectNode()
        .put("state", presence.state())
        .put("since", presence.since().toString())
        .put("reason", presence.reason())
        .toString()
        .getBytes(StandardCharsets.UTF_8);
  }

  /** Tells nobody any more. */
  @Override
  public void close() {
    teller.shutdownNow();
  }
}
