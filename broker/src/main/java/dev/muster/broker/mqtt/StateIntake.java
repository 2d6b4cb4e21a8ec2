/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.mqtt;

import com.hivemq.extension.sdk.api.packets.publish.AckReasonCode;
import com.hivemq.extension.sdk.api.packets.publish.PublishPacket;
import dev.muster.broker.command.CommandOutcome;
import dev.muster.broker.command.Commands;
import dev.muster.broker.delivery.Deliveries;
import dev.muster.broker.session.ClientSession;
import dev.muster.broker.session.DevicePublisher;
import dev.muster.broker.session.Disconnector;
import dev.muster.broker.session.SessionListener;
import dev.muster.broker.twin.TwinOutcome;
import dev.muster.broker.twin.Twins;
import dev.muster.protocol.identity.Quoted;
import dev.muster.protocol.topic.FleetTopics.DeviceTopic;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes what devices say of themselves and of their commands to the store, and lets it be
 * acknowledged when it is on stable storage.
 */
public final class StateIntake {
  private static final Logger LOG = LoggerFactory.getLogger(StateIntake.class);

  /** The rule by which topics are refused that the backend alone writes to. */
  static final String RESERVED = "reserved";

  /**
   * What the extension asks about the state of devices.
   *
   * @param publisher of {@link FleetExtension#newPublisher}
   */
  public record Parts(
      Twins twins,
      Commands commands,
      Deliveries deliveries,
      DevicePublisher publisher,
      List<SessionListener> listeners) {
    public Parts {
      listeners = List.copyOf(listeners);
    }
  }

  private final Parts parts;
  private final BrokerMeters meters;
  private final RefusalNotes refusals;

  StateIntake(Parts parts, BrokerMeters meters, RefusalNotes refusals) {
    this.parts = parts;
    this.meters = meters;
    this.refusals = refusals;
  }

  /** Whether what is published on a topic is kept here before it goes on. */
  static boolean isState(String topic) {
    return DeviceTopic.parse(topic)
        .filter(device -> device.isReported() || device.resultOf().isPresent())
        .isPresent();
  }

  /** Takes a message below the topics of a device that the policy allows. Returns at once. */
  void take(ClientSession session, DeviceTopic topic, PublishPacket packet, HeldPublish held) {
    Optional<String> command = topic.resultOf();
    if (topic.isOfBackend()) {
      String detail =
          "topic: the backend alone writes here (hint: the operator API takes twins and commands)";
      refusals.otherwise(session, "publish", packet.getTopic(), RESERVED, detail);
      held.refuse(AckReasonCode.NOT_AUTHORIZED, detail);
    } else if (topic.isReported()) {
      Sender sender = new Sender(session, topic, packet, held);
      parts
          .twins()
          .report(topic.device(), InboundPublishes.payloadOf(packet))
          .orTimeout(held.patience().toMillis(), TimeUnit.MILLISECONDS)
          .whenComplete(answering(sender, this::reported));
    } else if (command.isPresent()) {
      Sender sender = new Sender(session, topic, packet, held);
      parts
          .commands()
          .result(topic.device(), command.get(), InboundPublishes.payloadOf(packet))
          .orTimeout(held.patience().toMillis(), TimeUnit.MILLISECONDS)
          .whenComplete(answering(sender, this::answered));
    } else {
      held.deliver();
    }
  }

  private record Sender(
      ClientSession session, DeviceTopic topic, PublishPacket packet, HeldPublish held) {
    void stored() {
      session.addIngested();
      held.deliver();
    }
  }

  private <T> BiConsumer<T, Throwable> answering(Sender sender, BiConsumer<Sender, T> kept) {
    return (outcome, failure) -> {
      if (failure == null) {
        kept.accept(sender, outcome);
      } else {
        meters.state(sender.topic(), "not_stored");
        LOG.warn(
            "State not stored client={} topic={} reason={}",
            sender.session().clientId(),
            Quoted.of(sender.topic().rest()),
            failure.toString());
        sender
            .held()
            .disconnect(Disconnector.Reason.SERVER_BUSY, "cannot be stored now: try again");
      }
    };
  }

  private void reported(Sender sender, TwinOutcome outcome) {
    if (outcome instanceof TwinOutcome.Kept) {
      meters.state(sender.topic(), "stored");
      sender.stored();
    } else if (outcome instanceof TwinOutcome.Stale stale) {
      refuse(sender, "stale", stale.detail());
      // There it finds the version on which it can build.
      if (sender.session().subject().isDevice()) {
        parts.deliveries().repeat(sender.session(), parts.twins());
      }
    } else if (outcome instanceof TwinOutcome.Refused refused) {
      refuse(sender, "refused", refused.detail());
    } else {
      throw new IllegalStateException("outcome " + outcome);
    }
  }

  private void answered(Sender sender, CommandOutcome outcome) {
    if (outcome instanceof CommandOutcome.Kept) {
      meters.state(sender.topic(), "stored");
      sender.stored();
      // Over CoAP, it is told of one command at a time.
      parts.deliveries().lookElsewhere(sender.topic().device());
    } else if (outcome instanceof CommandOutcome.Refused refused) {
      refuse(sender, "refused", refused.detail());
    } else if (outcome instanceof CommandOutcome.Unknown) {
      refuse(sender, "unknown", "command: not known of this device");
    } else {
      throw new IllegalStateException("outcome " + outcome);
    }
  }

  /**
   * For good: a client of MQTT 5 is told. An older one can be told nothing but the end of its
   * connection, and would come back with the same message for ever: it is acknowledged.
   */
  private void refuse(Sender sender, String why, String detail) {
    meters.state(sender.topic(), why);
    refusals.otherwise(sender.session(), "publish", sender.packet().getTopic(), why, detail);
    if (sender.session().connection().mqtt5()) {
      sender.held().refuse(AckReasonCode.PAYLOAD_FORMAT_INVALID, detail);
    } else {
      sender.held().acknowledge();
    }
  }
}
