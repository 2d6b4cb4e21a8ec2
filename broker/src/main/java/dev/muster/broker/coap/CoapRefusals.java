/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.coap;

import dev.muster.broker.authn.CertificateAuthenticator;
import dev.muster.broker.authn.CertificateAuthenticator.Outcome;
import dev.muster.broker.authz.ClientSubject;
import dev.muster.broker.authz.Decision;
import dev.muster.broker.session.Refusals;
import io.micrometer.core.instrument.MeterRegistry;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Locale;

/** Writes down each refusal as over MQTT: counted, and kept for whoever asks about the device. */
final class CoapRefusals {
  private final Refusals refusals;
  private final CertificateAuthenticator authenticator;
  private final MeterRegistry meters;

  CoapRefusals(Refusals refusals, CertificateAuthenticator authenticator, MeterRegistry meters) {
    this.refusals = refusals;
    this.authenticator = authenticator;
    this.meters = meters;
  }

  void byPolicy(ClientSubject subject, String operation, String topic, Decision decision) {
    count(operation, "policy");
    refusals.note(subject, operation, topic, decision.rule(), decision.detail());
  }

  void quota(ClientSubject subject, String path) {
    count("publish", "quota");
    refusals.note(subject, "publish", path, "quota", "rate exceeded");
  }

  /** Whoever is not let in; of those whose certificate is not ours, nobody keeps a list. */
  void connect(List<X509Certificate> chain, Outcome.Refused refused) {
    String reason = refused.refusal().name().toLowerCase(Locale.ROOT);
    count("connect", reason);
    authenticator
        .subjectOf(chain)
        .ifPresent(subject -> refusals.note(subject, "connect", "", reason, refused.detail()));
  }

  private void count(String operation, String reason) {
    meters
        .counter("muster.broker.refused", "operation", operation, "reason", reason)
        .increment();
  }
}
