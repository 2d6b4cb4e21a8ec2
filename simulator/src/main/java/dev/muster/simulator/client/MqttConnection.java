/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.simulator.client;

import dev.muster.device.internal.tls.TlsFailure;
import dev.muster.protocol.telemetry.MessageIdentity;
import dev.muster.protocol.telemetry.SenmlJson;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOption;
import io.netty.channel.ChannelOutboundInvoker;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.mqtt.MqttConnAckMessage;
import io.netty.handler.codec.mqtt.MqttFixedHeader;
import io.netty.handler.codec.mqtt.MqttMessage;
import io.netty.handler.codec.mqtt.MqttMessageBuilders;
import io.netty.handler.codec.mqtt.MqttMessageIdVariableHeader;
import io.netty.handler.codec.mqtt.MqttMessageType;
import io.netty.handler.codec.mqtt.MqttProperties;
import io.netty.handler.codec.mqtt.MqttPubReplyMessageVariableHeader;
import io.netty.handler.codec.mqtt.MqttPublishMessage;
import io.netty.handler.codec.mqtt.MqttPublishVariableHeader;
import io.netty.handler.codec.mqtt.MqttQoS;
import io.netty.handler.codec.mqtt.MqttReasonCodeAndPropertiesVariableHeader;
import io.netty.handler.codec.mqtt.MqttSubAckMessage;
import io.netty.handler.codec.mqtt.MqttVersion;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import java.net.ConnectException;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * MQTT on one TLS connection, from its handshake to its end. Confined to the event loop of its
 * channel.
 */
final class MqttConnection extends SimpleChannelInboundHandler<MqttMessage> {
  /** The packet identifier of {@link #subscribe}. */
  static final int SUBSCRIPTION = 65_535;

  private static final int KEEP_ALIVE_SECONDS = 60;
  private static final Duration CONNACK_LIMIT = Duration.ofSeconds(20);
  private static final int FIRST_FAILURE = 0x80;
  private static final int NOT_AUTHORIZED = 0x87;
  /** The same in MQTT 3.1.1 (3.2.2.3), which has no word for it on a connection that stands. */
  private static final int NOT_AUTHORIZED_3 = 5;

  /** What happens on a connection, on its event loop. */
  interface Events {
    /** @param window so many messages are given to the broker at once */
    void connected(MqttConnection connection, int window);

    /** The broker says something to this device. */
    void told(MqttConnection connection, String topic, byte[] payload);

    /** @param refusal null: it is stored */
    void answered(MqttConnection connection, int packetId, @Nullable String refusal);

    /** The broker does not let it in, or throws it out, because it may not be there. */
    void notAuthorized(MqttConnection connection);

    /** TLS has ended, as the broker does not take the certificate. {@link #ended} follows. */
    void certificateRefused(MqttConnection connection);

    /** Called once. */
    void ended(MqttConnection connection, String reason);
  }

  private final MqttVersion version;
  private final String clientId;
  private final FaultyNetwork network;
  private final Events events;
  private @Nullable Channel channel;
  private @Nullable ScheduledFuture<?> timer;
  private Runnable whenSettled = () -> {};
  private boolean pinged;
  private boolean connected;
  private boolean ended;

  MqttConnection(MqttRelease release, String clientId, FaultyNetwork network, Events events) {
    this.version = release == MqttRelease.V5 ? MqttVersion.MQTT_5 : MqttVersion.MQTT_3_1_1;
    this.clientId = clientId;
    this.network = network;
    this.events = events;
  }

  /** What is below it. */
  FaultyNetwork network() {
    return network;
  }

  /**
   * Its turn has come.
   *
   * @param settled called once, when it stands or has failed
   * @return false if nobody wants it any more
   */
  boolean begin(Runnable settled) {
    if (ended) {
      return false;
    }
    whenSettled = settled;
    return true;
  }

  private void settle() {
    Runnable settled = whenSettled;
    whenSettled = () -> {};
    settled.run();
  }

  @Override
  public void handlerAdded(ChannelHandlerContext context) {
    channel = context.channel();
  }

  @Override
  public void userEventTriggered(ChannelHandlerContext context, Object event) {
    if (event instanceof SslHandshakeCompletionEvent tls) {
      if (tls.isSuccess()) {
        connect(context);
      } else {
        judge(tls.cause());
        end(describe(tls.cause()));
      }
    }
    context.fireUserEventTriggered(event);
  }

  private void connect(ChannelHandlerContext context) {
    context.writeAndFlush(MqttMessageBuilders.connect()
        .protocolVersion(version)
        .clientId(clientId)
        .cleanSession(true)
        .keepAlive(KEEP_ALIVE_SECONDS)
        .build());
    timer = context
        .executor()
        .schedule(
            () -> end("no answer to CONNECT in " + CONNACK_LIMIT.toSeconds() + " s"),
            CONNACK_LIMIT.toMillis(),
            TimeUnit.MILLISECONDS);
  }

  @Override
  protected void channelRead0(ChannelHandlerContext context, MqttMessage message) {
    if (message.decoderResult().isFailure()) {
      end("the broker sent what is no MQTT: " + message.decoderResult().cause().getMessage());
      return;
    }
    MqttMessageType type = message.fixedHeader().messageType();
    if (message instanceof MqttConnAckMessage answer) {
      connected(context, answer);
    } else if (type == MqttMessageType.PUBACK) {
      MqttMessageIdVariableHeader header = (MqttMessageIdVariableHeader) message.variableHeader();
      events.answered(this, header.messageId(), refusal(header));
    } else if (message instanceof MqttPublishMessage told) {
      told(context, told);
    } else if (message instanceof MqttSubAckMessage answer) {
      subscribed(answer);
    } else if (type == MqttMessageType.PINGRESP) {
      pinged = false;
    } else if (type == MqttMessageType.DISCONNECT) {
      disconnected(message.variableHeader());
    }
  }

  private void connected(ChannelHandlerContext context, MqttConnAckMessage answer) {
    stopTimer();
    int code = answer.variableHeader().connectReturnCode().byteValue() & 0xff;
    if (code != 0) {
      if (code == NOT_AUTHORIZED || code == NOT_AUTHORIZED_3) {
        events.notAuthorized(this);
      }
      end("refused by the broker: "
          + name(answer.variableHeader().connectReturnCode().name(), code));
      return;
    }
    connected = true;
    settle();
    timer = context
        .executor()
        .scheduleAtFixedRate(
            this::ping, KEEP_ALIVE_SECONDS / 2, KEEP_ALIVE_SECONDS / 2, TimeUnit.SECONDS);
    MqttProperties.MqttProperty<?> maximum =
        answer.variableHeader().properties().getProperty(MqttProperties.RECEIVE_MAXIMUM);
    events.connected(this, maximum == null ? Outbox.WINDOW : (Integer) maximum.value());
  }

  /**
   * Acknowledged when it was handed on: it is not kept, and the broker says it again if need be.
   */
  private void told(ChannelHandlerContext context, MqttPublishMessage message) {
    events.told(
        this, message.variableHeader().topicName(), ByteBufUtil.getBytes(message.payload()));
    if (message.fixedHeader().qosLevel() == MqttQoS.AT_LEAST_ONCE) {
      context.writeAndFlush(MqttMessageBuilders.pubAck()
          .packetId(message.variableHeader().packetId())
          .build());
    }
  }

  private void subscribed(MqttSubAckMessage answer) {
    for (int code : answer.payload().reasonCodes()) {
      if (code >= FIRST_FAILURE) {
        end("subscription refused by the broker: " + name("reason", code));
        return;
      }
    }
  }

  /** Asks to be told what is said there; once on a connection. */
  void subscribe(List<String> filters) {
    MqttMessageBuilders.SubscribeBuilder packet =
        MqttMessageBuilders.subscribe().messageId(SUBSCRIPTION);
    filters.forEach(filter -> packet.addSubscription(MqttQoS.AT_LEAST_ONCE, filter));
    write(packet.build());
    flush();
  }

  private void ping() {
    if (pinged) {
      end("no answer to a ping");
    } else if (channel != null) {
      pinged = true;
      channel.writeAndFlush(MqttMessage.PINGREQ);
    }
  }

  private static @Nullable String refusal(MqttMessageIdVariableHeader header) {
    int code =
        header instanceof MqttPubReplyMessageVariableHeader reply ? reply.reasonCode() & 0xff : 0;
    return code < FIRST_FAILURE ? null : "message refused by the broker: " + name("reason", code);
  }

  private void disconnected(@Nullable Object header) {
    String why = "no reason given";
    if (header instanceof MqttReasonCodeAndPropertiesVariableHeader reason) {
      int code = reason.reasonCode() & 0xff;
      why = name("reason", code);
      if (code == NOT_AUTHORIZED) {
        events.notAuthorized(this);
      }
    }
    end("disconnected by the broker: " + why);
  }

  private static String name(String constant, int code) {
    String words = constant
        .replaceFirst("^CONNECTION_REFUSED_", "")
        .replaceFirst("_5$", "")
        .replace('_', ' ');
    return String.format("%s 0x%02x", words.toLowerCase(Locale.ROOT), code);
  }

  /** Writes a message; {@link #flush} sends it. */
  void publish(Outbox.Packet packet) {
    Outbox.Message message = packet.message();
    MqttProperties properties = properties(message.identity());
    ByteBuf payload = Unpooled.wrappedBuffer(message.payload());
    write(new MqttPublishMessage(
        new MqttFixedHeader(
            MqttMessageType.PUBLISH, packet.again(), MqttQoS.AT_LEAST_ONCE, false, 0),
        new MqttPublishVariableHeader(message.topic(), packet.id(), properties),
        payload));
  }

  /** Of MQTT 3.1.1 the encoder leaves them out. */
  private static MqttProperties properties(@Nullable MessageIdentity identity) {
    if (identity == null) {
      return MqttProperties.NO_PROPERTIES;
    }
    MqttProperties properties = new MqttProperties();
    properties.add(
        new MqttProperties.StringProperty(MqttProperties.CONTENT_TYPE, SenmlJson.MEDIA_TYPE));
    MqttProperties.UserProperties user = new MqttProperties.UserProperties();
    user.add(MessageIdentity.BOOT_PROPERTY, identity.boot());
    user.add(MessageIdentity.SEQUENCE_PROPERTY, Long.toString(identity.sequence()));
    properties.add(user);
    return properties;
  }

  private void write(MqttMessage message) {
    if (channel != null) {
      channel.write(message);
    }
  }

  void flush() {
    if (channel != null) {
      channel.flush();
    }
  }

  /** Says goodbye and closes; nothing is told. */
  void close() {
    if (connected && !ended && channel != null) {
      channel.writeAndFlush(MqttMessage.DISCONNECT);
    }
    ended = true;
    release(channel);
  }

  /** Ends with a TCP reset, and without a goodbye: also TLS is not asked for its own. */
  void reset() {
    ChannelOutboundInvoker closing = channel;
    if (channel != null && channel.isOpen()) {
      channel.config().setOption(ChannelOption.SO_LINGER, 0);
      closing = channel.pipeline().firstContext();
    }
    end("the connection was reset", closing);
  }

  /**
   * Nothing passes from now on, and the broker is not told, not even when this end gives up.
   *
   * @param timeout after which it does; null: when a ping is not answered
   */
  void abandon(@Nullable Duration timeout) {
    network.abandon();
    if (timeout != null && channel != null) {
      channel
          .eventLoop()
          .schedule(
              () -> end("no answer for " + timeout.toMillis() + " ms"),
              timeout.toNanos(),
              TimeUnit.NANOSECONDS);
    }
  }

  /** The attempt to reach the broker failed. */
  void unreachable(@Nullable Throwable cause) {
    end(cause == null ? "cannot be reached" : describe(cause));
  }

  @Override
  public void channelInactive(ChannelHandlerContext context) {
    lose(connected ? "the connection was lost" : "the broker closed the connection before CONNACK");
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
    judge(cause);
    lose(describe(cause));
  }

  /** In TLS 1.3 the broker looks at the certificate when the client is done (RFC 8446, 2). */
  private void judge(Throwable cause) {
    TlsFailure failure = TlsFailure.of(cause);
    boolean refused = failure == TlsFailure.WE_ARE_REFUSED || failure == TlsFailure.WE_ARE_EXPIRED;
    if (refused && !connected && !ended) {
      events.certificateRefused(this);
    }
  }

  /** Who is abandoned is not told by the other end that it is over, and finds out by its pings. */
  private void lose(String reason) {
    if (!connected || !network.isAbandoned()) {
      end(reason);
    }
  }

  private static String describe(Throwable cause) {
    // Netty wraps what the operating system says, and adds the address of every device's socket.
    return cause instanceof ConnectException
        ? "the broker cannot be reached: connection refused"
        : TlsFailure.describe(cause);
  }

  private void end(String reason) {
    end(reason, channel);
  }

  /** @param closing from where its end goes down to the network */
  private void end(String reason, @Nullable ChannelOutboundInvoker closing) {
    if (!ended) {
      ended = true;
      release(closing);
      events.ended(this, reason);
    }
  }

  private void release(@Nullable ChannelOutboundInvoker closing) {
    stopTimer();
    settle();
    // A FIN would get through where nothing else does: it is the broker who closes that one.
    if (closing == null || network.isAbandoned()) {
      return;
    }
    if (network.isSilent()) {
      network.abandon();
    } else {
      closing.close();
    }
  }

  private void stopTimer() {
    if (timer != null) {
      timer.cancel(false);
    }
  }
}
