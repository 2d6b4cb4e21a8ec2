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
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Publishes the presence of devices. Of one device one message at a time, and then the newest: so
 * the last that is heard is what holds.
 */
final class PresenceAnnouncer {
  private static final Logger LOG = LoggerFactory.getLogger(PresenceAnnouncer.class);

  private static final class Announced {
    private Presence newest;
    private boolean publishing;
    private boolean stale;

    Announced(Presence presence) {
      this.newest = presence;
    }
  }

  private final DevicePublisher publisher;
  private final ConcurrentMap<DeviceId, Announced> devices = new ConcurrentHashMap<>();

  PresenceAnnouncer(DevicePublisher publisher) {
    this.publisher = publisher;
  }

  /** Notes what is to be told later; unless the device is known already, and better. */
  void prepare(DeviceId device, Presence presence) {
    devices.putIfAbsent(device, new Announced(presence));
  }

  void announceAll() {
    devices.forEach(this::publish);
  }

  void announce(DeviceId device, Presence presence) {
    Announced announced = devices.computeIfAbsent(device, unseen -> new Announced(presence));
    synchronized (announced) {
      announced.newest = presence;
    }
    publish(device, announced);
  }

  private void publish(DeviceId device, Announced announced) {
    Presence presence;
    synchronized (announced) {
      if (announced.publishing) {
        announced.stale = true;
        return;
      }
      announced.publishing = true;
      announced.stale = false;
      presence = announced.newest;
    }
    publisher.retain(topicOf(device, presence), message(presence)).whenComplete((done, failure) -> {
      if (failure != null) {
        LOG.warn("Presence not published device={} error={}", device, failure.toString());
      }
      if (isStale(announced)) {
        publish(device, announced);
      }
    });
  }

  private static boolean isStale(Announced announced) {
    synchronized (announced) {
      announced.publishing = false;
      return announced.stale;
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
}
