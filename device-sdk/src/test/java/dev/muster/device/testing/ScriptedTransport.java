/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.testing;

import dev.muster.device.internal.mqtt.LinkEnd;
import dev.muster.device.internal.mqtt.LinkEvents;
import dev.muster.device.internal.mqtt.LinkSettings;
import dev.muster.device.internal.mqtt.MqttLink;
import dev.muster.device.internal.mqtt.MqttTransport;
import dev.muster.device.internal.mqtt.OutboundMessage;
import java.nio.charset.StandardCharsets;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;

/** Links whose fate the test decides. */
public final class ScriptedTransport implements MqttTransport {
  private final List<ScriptedLink> links = new CopyOnWriteArrayList<>();
  private final Queue<Runnable> defects = new ConcurrentLinkedQueue<>();

  /** Runs instead of the next connection, and throws. */
  public void failNext(Runnable defect) {
    defects.add(defect);
  }

  /** How many of them are still to come. */
  public int defects() {
    return defects.size();
  }

  @Override
  public MqttLink connect(LinkSettings settings, LinkEvents events) {
    Runnable defect = defects.poll();
    if (defect != null) {
      defect.run();
    }
    ScriptedLink link = new ScriptedLink(settings, events);
    links.add(link);
    return link;
  }

  /** All links so far, in order. */
  public List<ScriptedLink> links() {
    return links;
  }

  /** One link. */
  public static final class ScriptedLink implements MqttLink {
    private final LinkSettings settings;
    private final LinkEvents events;
    private final List<OutboundMessage> sent = new CopyOnWriteArrayList<>();
    private final List<String> subscriptions = new CopyOnWriteArrayList<>();
    private final AtomicBoolean connected = new AtomicBoolean();
    private volatile boolean closed;

    private ScriptedLink(LinkSettings settings, LinkEvents events) {
      this.settings = settings;
      this.events = events;
    }

    /** The CONNACK; a second one is not sent. */
    public void connected(int receiveMaximum) {
      if (connected.compareAndSet(false, true)) {
        events.onConnected(receiveMaximum, Long.MAX_VALUE);
      }
    }

    public void acknowledge(int index) {
      events.onAcknowledged(sent.get(index), 0, "success");
    }

    /** Refuses a message. @param reason of MQTT 5 */
    public void refuse(int index, int reason) {
      events.onAcknowledged(sent.get(index), reason, "refused");
    }

    public void ended(LinkEnd.Kind kind, String detail) {
      events.onEnded(new LinkEnd(kind, detail));
    }

    public List<OutboundMessage> sent() {
      return sent;
    }

    public boolean isClosed() {
      return closed;
    }

    /** What the device shows on this link. */
    public X509Certificate certificate() {
      return settings.identity().credential().leaf();
    }

    @Override
    public boolean publish(OutboundMessage message) {
      sent.add(message);
      return true;
    }

    @Override
    public void subscribe(String filter) {
      subscriptions.add(filter);
    }

    public List<String> subscriptions() {
      return subscriptions;
    }

    /** The broker sends something. */
    public void deliver(String topic, String payload) {
      events.onMessage(topic, payload.getBytes(StandardCharsets.UTF_8));
    }

    @Override
    public void close() {
      closed = true;
      events.onEnded(new LinkEnd(LinkEnd.Kind.CLOSED, "closed"));
    }
  }
}
