/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.mqtt;

import com.hivemq.extension.sdk.api.packets.general.Qos;
import com.hivemq.extension.sdk.api.packets.publish.AckReasonCode;
import com.hivemq.extension.sdk.api.packets.publish.PublishPacket;
import com.hivemq.extension.sdk.api.services.builder.Builders;
import com.hivemq.extension.sdk.api.services.publish.PublishService;
import dev.muster.broker.revocation.Revocations;
import dev.muster.broker.session.ClientSession;
import dev.muster.broker.session.Disconnector;
import dev.muster.protocol.topic.CrlNotice;
import dev.muster.protocol.topic.FleetTopics;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Takes CRLs that the enrollment service publishes, and answers when they are applied. */
final class CrlIntake {
  private static final Logger LOG = LoggerFactory.getLogger(CrlIntake.class);
  private static final String PREFIX = "muster/revocations/";

  /** Less than HiveMQ waits: it would then say that it has gone wrong, and not "try again". */
  private static final Duration LIMIT = Duration.ofSeconds(50);

  private final Revocations revocations;
  private final String brokerName;
  private final RefusalNotes refusals;
  private volatile @Nullable PublishService publisher;

  CrlIntake(Revocations revocations, String brokerName, RefusalNotes refusals) {
    this.revocations = revocations;
    this.brokerName = brokerName;
    this.refusals = refusals;
  }

  void use(PublishService service) {
    publisher = service;
  }

  /** The issuer whose CRL is published on a topic; empty if it is another topic. */
  static Optional<String> issuerOf(String topic) {
    String issuer = topic.startsWith(PREFIX) ? topic.substring(PREFIX.length()) : "";
    return issuer.isEmpty() || issuer.indexOf('/') >= 0 ? Optional.empty() : Optional.of(issuer);
  }

  /**
   * Applies the CRL of a message that the policy allows, or fetches the one it announces. Returns
   * at once.
   */
  void take(ClientSession session, String issuer, PublishPacket packet, HeldPublish held) {
    byte[] payload = InboundPublishes.payloadOf(packet);
    CrlNotice.parse(payload)
        .map(notice -> revocations.fetch(issuer, notice.number()))
        .orElseGet(() -> revocations.push(issuer, payload))
        .orTimeout(LIMIT.toSeconds(), TimeUnit.SECONDS)
        .whenComplete((applied, failure) -> {
          if (failure == null) {
            answer(issuer, applied);
            held.deliver();
          } else if (failure instanceof IllegalArgumentException) {
            String detail = String.valueOf(failure.getMessage());
            LOG.error(
                "CRL refused issuer={} client={} reason={}", issuer, session.clientId(), detail);
            refusals.otherwise(session, "publish", packet.getTopic(), "crl", detail);
            held.refuse(AckReasonCode.PAYLOAD_FORMAT_INVALID, detail);
          } else {
            LOG.error("CRL not applied issuer={}", issuer, failure);
            held.disconnect(
                Disconnector.Reason.SERVER_BUSY, "CRL cannot be applied now: try again");
          }
        });
  }

  private void answer(String issuer, Revocations.Applied applied) {
    PublishService service = publisher;
    if (service == null) {
      return;
    }
    // All values are numbers or our own name: nothing to escape.
    String json = "{\"crlNumber\":\"" + applied.crlNumber() + "\",\"broker\":\"" + brokerName
        + "\",\"cut\":" + applied.cut() + ",\"remaining\":" + applied.remaining()
        + ",\"tookMs\":" + applied.tookMs() + "}";
    service
        .publish(Builders.publish()
            .topic(FleetTopics.revocationsApplied(issuer))
            .qos(Qos.AT_LEAST_ONCE)
            .payload(ByteBuffer.wrap(json.getBytes(StandardCharsets.UTF_8)))
            .build())
        .exceptionally(failure -> {
          LOG.warn("CRL answer not published issuer={} error={}", issuer, failure.toString());
          return null;
        });
  }
}
