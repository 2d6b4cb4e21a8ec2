/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.coap;

import dev.muster.broker.authn.CertificateAuthenticator.Outcome;
import dev.muster.broker.authz.ClientLimits;
import dev.muster.broker.authz.Decision;
import dev.muster.broker.telemetry.TelemetryMessage;
import dev.muster.broker.telemetry.TelemetrySink.Stored;
import dev.muster.broker.telemetry.format.Reading;
import dev.muster.coap.Diagnostics;
import java.time.Duration;
import org.eclipse.californium.core.coap.CoAP.ResponseCode;
import org.eclipse.californium.core.coap.Response;

/** What became of a request, in CoAP's response codes. */
final class CoapAnswers {
  private static final Duration AGAIN = Duration.ofSeconds(10);

  private CoapAnswers() {}

  static Response of(Outcome.Refused refused) {
    return switch (refused.refusal()) {
      case NOT_AUTHORIZED, CLIENT_ID_NOT_VALID ->
        Diagnostics.of(ResponseCode.UNAUTHORIZED, refused.detail());
      case QUOTA_EXCEEDED ->
        Diagnostics.later(ResponseCode.TOO_MANY_REQUESTS, AGAIN, refused.detail());
      case UNAVAILABLE ->
        Diagnostics.later(ResponseCode.SERVICE_UNAVAILABLE, AGAIN, refused.detail());
    };
  }

  static Response denied(Decision decision, ClientLimits limits) {
    return decision.rule().equals("limits.payloadBytes")
        ? Diagnostics.tooLarge(limits.payloadBytes(), decision.detail())
        : Diagnostics.of(ResponseCode.FORBIDDEN, decision.detail());
  }

  static Response tooFast(Duration patience) {
    return Diagnostics.later(
        ResponseCode.TOO_MANY_REQUESTS, patience, "rate exceeded: send more slowly");
  }

  /** On stable storage; what cannot be read is so too, as a dead letter, and not to come again. */
  static Response of(TelemetryMessage message, Stored stored) {
    if (stored != Stored.DEAD_LETTER) {
      return new Response(ResponseCode.CHANGED);
    }
    String reason = message.reading() instanceof Reading.Unreadable unreadable
        ? unreadable.reason()
        : "refused by the store";
    return Diagnostics.of(ResponseCode.BAD_REQUEST, reason + "; kept as a dead letter");
  }

  static Response notStored() {
    return Diagnostics.later(
        ResponseCode.SERVICE_UNAVAILABLE, AGAIN, "the store cannot be used now: try again");
  }

  static Response defect() {
    return Diagnostics.of(ResponseCode.INTERNAL_SERVER_ERROR, "internal error");
  }
}
