/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.internal.mqtt;

import dev.muster.device.internal.log.DeviceLogger;
import dev.muster.device.internal.tls.TlsFailure;
import dev.muster.protocol.telemetry.MessageIdentity;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.eclipse.paho.mqttv5.client.IMqttToken;
import org.eclipse.paho.mqttv5.client.MqttActionListener;
import org.eclipse.paho.mqttv5.client.MqttCallback;
import org.eclipse.paho.mqttv5.client.MqttConnectionOptions;
import org.eclipse.paho.mqttv5.client.MqttDisconnectResponse;
import org.eclipse.paho.mqttv5.common.MqttException;
import org.eclipse.paho.mqttv5.common.MqttMessage;
import org.eclipse.paho.mqttv5.common.packet.MqttProperties;
import org.eclipse.paho.mqttv5.common.packet.UserProperty;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/** One Paho client for one connection. */
final class PahoLink implements MqttLink {
  private static final Logger LOG = DeviceLogger.of(PahoLink.class);
  private static final int QOS = 1;
  private static final int DEFAULT_RECEIVE_MAXIMUM = 65_535;
  private static final long GOODBYE_MS = 1_000;

  /** How long Paho gets to notice that its socket is gone, before the link counts as ended. */
  private static final long NOTICE_MS = 2_000;

  private final LinkSettings settings;
  private final LinkEvents events;
  private final TlsSocketModule socket;
  private final AtomicBoolean ended = new AtomicBoolean();
  private volatile boolean connected;
  private volatile boolean closing;
  private @Nullable PahoClient client;

  PahoLink(LinkSettings settings, LinkEvents events) {
    this.settings = settings;
    this.events = events;
    this.socket = new TlsSocketModule(
        settings.broker(), settings.identity(), (int) settings.connectTimeout().toMillis());
  }

  void start() {
    try {
      client = new PahoClient(
          settings.clientId(), socket, new OwnerPing(settings.loop()), settings.loop());
      client.setCallback(new Callback());
      client.connect(options(), null, new ConnectListener());
      after(settings.connectTimeout().toMillis(), this::giveUpConnecting);
    } catch (MqttException e) {
      end(new LinkEnd(LinkEnd.Kind.LOST, TlsFailure.describe(e)));
    }
  }

  private MqttConnectionOptions options() {
    MqttConnectionOptions options = new MqttConnectionOptions();
    options.setAutomaticReconnect(false);
    options.setCleanStart(true);
    options.setKeepAliveInterval((int) settings.keepAlive().toSeconds());
    options.setConnectionTimeout((int) settings.connectTimeout().toSeconds());
    return options;
  }

  @Override
  public boolean publish(OutboundMessage message) {
    PahoClient paho = client;
    if (paho == null || ended.get() || !connected) {
      return false;
    }
    MqttMessage packet = new MqttMessage(message.payload(), QOS, false, properties(message));
    try {
      paho.publish(message.topic(), packet, null, new PublishListener(message));
      return true;
    } catch (MqttException e) {
      LOG.debug("Message not sent client={} reason={}", settings.clientId(), e.getMessage());
      // Whatever the reason, this link has lost a message that was in turn: start afresh.
      socket.cut();
      return false;
    }
  }

  @Override
  public void subscribe(String filter) {
    PahoClient paho = client;
    if (paho == null || ended.get() || !connected) {
      return;
    }
    try {
      paho.subscribe(filter, QOS, null, new SubscribeListener(filter));
    } catch (MqttException e) {
      LOG.debug("Not subscribed client={} reason={}", settings.clientId(), e.getMessage());
      socket.cut(); // Unsubscribed, this link would be deaf for good: start afresh.
    }
  }

  private static MqttProperties properties(OutboundMessage message) {
    MqttProperties properties = new MqttProperties();
    properties.setContentType(message.contentType());
    MessageIdentity identity = message.identity();
    if (identity != null) {
      properties.setUserProperties(List.of(
          new UserProperty(MessageIdentity.BOOT_PROPERTY, identity.boot()),
          new UserProperty(MessageIdentity.SEQUENCE_PROPERTY, Long.toString(identity.sequence()))));
    }
    return properties;
  }

  @Override
  public void close() {
    closing = true;
    PahoClient paho = client;
    if (ended.get() || paho == null) {
      return;
    }
    if (!connected) {
      cut();
      return;
    }
    try {
      // The returned token completes when the packet is out; Paho then reports no lost connection.
      paho.disconnect(0, null, new GoodbyeListener(), 0, new MqttProperties());
      after(GOODBYE_MS, this::cut);
    } catch (MqttException e) {
      cut();
    }
  }

  private void giveUpConnecting() {
    if (!connected) {
      socket.cut();
      after(NOTICE_MS, () -> {
        if (!connected) {
          end(new LinkEnd(LinkEnd.Kind.LOST, "no answer to CONNECT in time"));
        }
      });
    }
  }

  private void cut() {
    socket.cut();
    end(new LinkEnd(LinkEnd.Kind.CLOSED, "closed"));
  }

  private void after(long delayMs, Runnable task) {
    settings.loop().after(Duration.ofMillis(delayMs), () -> {
      if (!ended.get()) {
        task.run();
      }
    });
  }

  private void end(LinkEnd end) {
    if (ended.compareAndSet(false, true)) {
      connected = false;
      socket.cut();
      events.onEnded(closing ? new LinkEnd(LinkEnd.Kind.CLOSED, "closed") : end);
    }
  }

  /**
   * Words for what Paho reports, preferring what the socket saw first: it is nearer to the cause.
   */
  private LinkEnd endOf(@Nullable Throwable failure) {
    Throwable cause = socket.firstFailure() != null ? socket.firstFailure() : failure;
    if (failure instanceof MqttException mqtt && ReasonCodes.isFromBroker(mqtt.getReasonCode())) {
      return ReasonCodes.endOf(mqtt.getReasonCode(), "");
    }
    if (cause == null) {
      return new LinkEnd(LinkEnd.Kind.LOST, "connection lost");
    }
    return socket.isSecured() ? LinkEnd.of(cause) : LinkEnd.ofHandshake(cause);
  }

  private final class ConnectListener implements MqttActionListener {
    @Override
    public void onSuccess(IMqttToken token) {
      MqttProperties properties = token.getResponseProperties();
      Integer receiveMaximum = properties == null ? null : properties.getReceiveMaximum();
      Long packetSize = properties == null ? null : properties.getMaximumPacketSize();
      if (ended.get()) {
        return;
      }
      connected = true;
      events.onConnected(
          receiveMaximum == null ? DEFAULT_RECEIVE_MAXIMUM : receiveMaximum,
          packetSize == null ? Long.MAX_VALUE : packetSize);
    }

    @Override
    public void onFailure(IMqttToken token, Throwable failure) {
      end(endOf(failure));
    }
  }

  private final class PublishListener implements MqttActionListener {
    private final OutboundMessage message;

    PublishListener(OutboundMessage message) {
      this.message = message;
    }

    @Override
    public void onSuccess(IMqttToken token) {
      int[] reasons = token.getReasonCodes();
      int reason = reasons == null || reasons.length == 0 ? 0 : reasons[0];
      events.onAcknowledged(
          message, reason, reason < ReasonCodes.FIRST_FAILURE ? "" : describe(reason, token));
    }

    private String describe(int reason, IMqttToken token) {
      MqttProperties properties = token.getResponseProperties();
      String detail = properties == null ? null : properties.getReasonString();
      return ReasonCodes.describe(reason, detail);
    }

    @Override
    public void onFailure(IMqttToken token, Throwable failure) {
      // The connection went away under the message; whoever keeps it sends it again.
      LOG.debug("Message unacknowledged client={}", settings.clientId());
    }
  }

  private final class SubscribeListener implements MqttActionListener {
    private final String filter;

    SubscribeListener(String filter) {
      this.filter = filter;
    }

    @Override
    public void onSuccess(IMqttToken token) {
      int[] reasons = token.getReasonCodes();
      if (reasons != null && reasons.length > 0 && reasons[0] >= ReasonCodes.FIRST_FAILURE) {
        LOG.warn(
            "Subscription refused client={} filter={} reason={}",
            settings.clientId(),
            filter,
            ReasonCodes.describe(reasons[0], null));
      }
    }

    @Override
    public void onFailure(IMqttToken token, Throwable failure) {
      LOG.warn(
          "Not subscribed client={} filter={} reason={}",
          settings.clientId(),
          filter,
          failure.getMessage());
    }
  }

  private final class GoodbyeListener implements MqttActionListener {
    @Override
    public void onSuccess(IMqttToken token) {
      cut();
    }

    @Override
    public void onFailure(IMqttToken token, Throwable failure) {
      cut();
    }
  }

  private final class Callback implements MqttCallback {
    @Override
    public void disconnected(MqttDisconnectResponse response) {
      if (response.getException() != null) {
        end(endOf(response.getException()));
      } else {
        end(ReasonCodes.endOf(response.getReturnCode(), response.getReasonString()));
      }
    }

    @Override
    public void mqttErrorOccurred(MqttException exception) {
      LOG.debug("MQTT error client={} reason={}", settings.clientId(), exception.getMessage());
    }

    @Override
    public void messageArrived(String topic, MqttMessage message) {
      events.onMessage(topic, message.getPayload());
    }

    @Override
    public void deliveryComplete(IMqttToken token) {
      // Each message has a listener of its own.
    }

    @Override
    public void connectComplete(boolean reconnect, String serverUri) {
      // As above.
    }

    @Override
    public void authPacketArrived(int reasonCode, MqttProperties properties) {
      // Authentication is TLS's.
    }
  }
}
