/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.mqtt;

import com.hivemq.extension.sdk.api.packets.general.UserProperties;
import com.hivemq.extension.sdk.api.packets.publish.AckReasonCode;
import com.hivemq.extension.sdk.api.packets.publish.PublishPacket;
import dev.muster.broker.session.ClientSession;
import dev.muster.broker.session.Disconnector;
import dev.muster.broker.telemetry.TelemetryMessage;
import dev.muster.broker.telemetry.TelemetrySink;
import dev.muster.broker.telemetry.format.Reading;
import dev.muster.protocol.telemetry.MessageIdentity;
import dev.muster.protocol.topic.FleetTopics.TelemetryTopic;
import java.time.Clock;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Takes telemetry to the store, and lets it be acknowledged when it is on stable storage. */
final class TelemetryIngest {
  private static final Logger LOG = LoggerFactory.getLogger(TelemetryIngest.class);

  private static final String FLEETS = "fleets/";
  private static final String DEVICES = "/devices/";
  private static final String TELEMETRY = "/telemetry";

  private final TelemetrySink sink;
  private final BrokerMeters meters;
  private final RefusalNotes refusals;
  private final Clock clock;

  TelemetryIngest(TelemetrySink sink, BrokerMeters meters, RefusalNotes refusals, Clock clock) {
    this.sink = sink;
    this.meters = meters;
    this.refusals = refusals;
    this.clock = clock;
  }

  /**
   * Whether a topic is one of telemetry, usable or not. Asked of each message: allocates nothing.
   */
  static boolean isTelemetry(String topic) {
    int fleetEnds = topic.startsWith(FLEETS) ? topic.indexOf('/', FLEETS.length()) : -1;
    if (fleetEnds < 0 || !topic.startsWith(DEVICES, fleetEnds)) {
      return false;
    }
    int deviceEnds = topic.indexOf('/', fleetEnds + DEVICES.length());
    if (deviceEnds < 0 || !topic.startsWith(TELEMETRY, deviceEnds)) {
      return false;
    }
    int end = deviceEnds + TELEMETRY.length();
    return end == topic.length() || topic.charAt(end) == '/';
  }

  /** Stores a message that the policy allows. Returns at once. */
  void ingest(ClientSession session, PublishPacket packet, HeldPublish held) {
    Optional<TelemetryTopic> topic = TelemetryTopic.parse(packet.getTopic());
    if (topic.isEmpty()) {
      String detail = "stream: not a name (expected: 1 to 64 of [A-Za-z0-9._-], starting with a"
          + " letter or digit)";
      refusals.otherwise(session, "publish", packet.getTopic(), "topic", detail);
      held.refuse(AckReasonCode.TOPIC_NAME_INVALID, detail);
      return;
    }
    TelemetryMessage message = read(topic.get(), packet);
    long start = System.nanoTime();
    sink.store(message)
        .orTimeout(held.patience().toMillis(), TimeUnit.MILLISECONDS)
        .whenComplete((stored, failure) -> {
          if (failure == null) {
            meters.stored(stored, Duration.ofNanos(System.nanoTime() - start));
            stored(session, message, stored, held);
          } else {
            notStored(session, failure, held);
          }
        });
  }

  private static void stored(
      ClientSession session,
      TelemetryMessage message,
      TelemetrySink.Stored outcome,
      HeldPublish held) {
    if (outcome == TelemetrySink.Stored.DEAD_LETTER || outcome == TelemetrySink.Stored.HELD) {
      LOG.warn(
          "Telemetry kept aside device={} stream={} reason={}",
          message.topic().device(),
          message.topic().stream(),
          reasonOf(message, outcome));
      held.acknowledge();
      return;
    }
    // A redelivery goes to the subscribers, too: what they saw of the first one is not known.
    session.addIngested();
    held.deliver();
  }

  private static String reasonOf(TelemetryMessage message, TelemetrySink.Stored outcome) {
    if (outcome == TelemetrySink.Stored.HELD) {
      return "its time lies too far ahead";
    }
    return message.reading() instanceof Reading.Unreadable unreadable
        ? unreadable.reason()
        : "refused by the store";
  }

  private void notStored(ClientSession session, Throwable failure, HeldPublish held) {
    meters.notStored();
    LOG.warn("Telemetry not stored client={} reason={}", session.clientId(), failure.toString());
    held.disconnect(Disconnector.Reason.SERVER_BUSY, "telemetry cannot be stored now: try again");
  }

  private TelemetryMessage read(TelemetryTopic topic, PublishPacket packet) {
    byte[] payload = InboundPublishes.payloadOf(packet);
    String contentType = packet.getContentType().orElse(null);
    try {
      MessageIdentity identity = identityOf(packet.getUserProperties());
      return TelemetryMessage.read(topic, identity, clock.instant(), contentType, payload);
    } catch (IllegalArgumentException e) {
      // Without a usable identity it cannot be known whether it was stored before.
      return TelemetryMessage.read(topic, null, clock.instant(), contentType, payload)
          .asUnreadable(String.valueOf(e.getMessage()));
    }
  }

  private static @Nullable MessageIdentity identityOf(UserProperties properties) {
    Optional<String> boot = properties.getFirst(MessageIdentity.BOOT_PROPERTY);
    Optional<String> sequence = properties.getFirst(MessageIdentity.SEQUENCE_PROPERTY);
    if (boot.isEmpty() && sequence.isEmpty()) {
      return null;
    }
    return MessageIdentity.parse(boot.orElse(""), sequence.orElse(""));
  }
}
