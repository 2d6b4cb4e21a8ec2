/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.mqtt;

import dev.muster.broker.authz.ClientSubject;
import dev.muster.broker.authz.Decision;
import dev.muster.broker.session.ClientSession;
import dev.muster.broker.session.Refusals;
import dev.muster.protocol.identity.Quoted;
import dev.muster.protocol.log.Sparingly;
import java.util.Locale;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes down each refusal: counted, and kept for whoever asks about the client. One of a second is
 * logged, as anybody can be refused as often as he likes.
 */
final class RefusalNotes {
  private static final Logger LOG = LoggerFactory.getLogger(RefusalNotes.class);

  private final BrokerMeters meters;
  private final Refusals refusals;
  private final Sparingly told = new Sparingly(System::nanoTime);

  RefusalNotes(BrokerMeters meters, Refusals refusals) {
    this.meters = meters;
    this.refusals = refusals;
  }

  /**
   * The policy said no.
   *
   * @param operation publish, subscribe, unsubscribe, will or deliver
   * @param topic or filter
   */
  void byPolicy(ClientSession session, String operation, String topic, Decision decision) {
    meters.refused(operation, "policy");
    refusals.note(session.subject(), operation, topic, decision.rule(), decision.detail());
    tell(session, operation, topic, decision.rule(), decision.detail());
  }

  /**
   * Something else did.
   *
   * @param reason one of few, to count by
   */
  void otherwise(
      ClientSession session, String operation, String topic, String reason, String detail) {
    String rule = reason.toLowerCase(Locale.ROOT);
    meters.refused(operation, rule);
    refusals.note(session.subject(), operation, topic, rule, detail);
    tell(session, operation, topic, rule, detail);
  }

  /** Not delivered, and nobody's fault. */
  void dropped(String operation, String reason) {
    meters.refused(operation, reason);
  }

  /** A client whose certificate is one of ours was not let in. */
  void connect(ClientSubject subject, String reason, String detail) {
    refusals.note(subject, "connect", "", reason.toLowerCase(Locale.ROOT), detail);
  }

  private void tell(
      ClientSession session, String operation, String topic, String rule, String detail) {
    told.say(others -> LOG.warn(
        "Refused operation={} client={} subject={} topic={} rule={} detail=\"{}\" others={}",
        operation,
        session.clientId(),
        session.subject(),
        Quoted.of(topic),
        rule,
        detail,
        others));
  }
}
