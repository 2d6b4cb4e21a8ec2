/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.coap;

import dev.muster.broker.authn.CertificateAuthenticator;
import dev.muster.broker.authn.CertificateAuthenticator.Outcome;
import dev.muster.broker.authz.ClientSubject;
import dev.muster.broker.authz.Decision;
import dev.muster.broker.authz.PolicyFile;
import dev.muster.broker.mqtt.Later;
import dev.muster.broker.revocation.RevocationView;
import dev.muster.broker.session.DevicePublisher;
import dev.muster.broker.session.PublishRates;
import dev.muster.broker.session.Refusals;
import dev.muster.broker.telemetry.TelemetryMessage;
import dev.muster.broker.telemetry.TelemetrySink;
import dev.muster.broker.telemetry.TelemetrySink.Stored;
import dev.muster.coap.CoapsExchange;
import dev.muster.coap.CoapsService;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.eclipse.californium.core.coap.Request;
import org.eclipse.californium.core.coap.Response;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes telemetry over CoAP: the policy is asked as for a PUBLISH, and 2.04 means what a PUBACK
 * means.
 *
 * <p>Thread-safe; does not block.
 */
public final class CoapTelemetry implements CoapsService {
  private static final Logger LOG = LoggerFactory.getLogger(CoapTelemetry.class);
  private static final Duration COMMIT_LIMIT = Duration.ofSeconds(10);

  /** What is asked for a decision. */
  public record Deciding(
      CertificateAuthenticator authenticator,
      RevocationView revocations,
      Supplier<PolicyFile> policy,
      PublishRates rates,
      Refusals refusals,
      Later later) {}

  private final KnownDevices devices;
  private final Deciding deciding;
  private final TelemetrySink sink;
  private final DevicePublisher publisher;
  private final Clock clock;
  private final MeterRegistry meters;
  private final Timer acknowledged;

  public CoapTelemetry(
      Deciding deciding,
      TelemetrySink sink,
      DevicePublisher publisher,
      Clock clock,
      MeterRegistry meters) {
    this.devices = new KnownDevices(
        deciding.authenticator(), deciding.revocations(), deciding.policy(), clock);
    this.deciding = deciding;
    this.sink = sink;
    this.publisher = publisher;
    this.clock = clock;
    this.meters = meters;
    this.acknowledged = Timer.builder("muster.telemetry.store")
        .description("From the receipt of a message to its being on stable storage")
        .register(meters);
  }

  /** Whether a session has no use any more. */
  boolean isOver(List<X509Certificate> chain) {
    return devices.isOver(chain);
  }

  /** Of devices that we know, and for telemetry that could be read. */
  @Override
  public boolean takesBlocks(Request request) {
    try {
      if (devices.judge(CoapsExchange.chainOf(request)) instanceof Outcome.Admitted admitted) {
        TelemetryRequest.read(request, admitted.subject());
        return true;
      }
      return false;
    } catch (TelemetryRequest.RefusedException e) {
      return false;
    }
  }

  @Override
  public void serve(CoapsExchange exchange) {
    guarded(exchange, () -> identify(exchange));
  }

  private void guarded(CoapsExchange exchange, Runnable step) {
    try {
      step.run();
    } catch (RuntimeException e) {
      LOG.error("CoAP request failed from={}", exchange.peer(), e);
      answer(exchange, TelemetryAnswer.defect());
    }
  }

  private void identify(CoapsExchange exchange) {
    Outcome outcome = devices.judge(exchange.chain());
    if (outcome instanceof Outcome.Admitted admitted) {
      read(exchange, admitted);
    } else if (outcome instanceof Outcome.Refused refused) {
      LOG.warn(
          "CoAP request refused from={} reason={} detail={}",
          exchange.peer(),
          refused.refusal(),
          refused.detail());
      answer(exchange, TelemetryAnswer.of(refused));
    } else {
      throw new IllegalStateException("outcome " + outcome);
    }
  }

  private void read(CoapsExchange exchange, Outcome.Admitted device) {
    try {
      throttle(exchange, device, TelemetryRequest.read(exchange.request(), device.subject()));
    } catch (TelemetryRequest.RefusedException e) {
      answer(exchange, e.response());
    }
  }

  /**
   * Of the same purse as over MQTT: who has spent all waits, and who goes on regardless is told.
   */
  private void throttle(CoapsExchange exchange, Outcome.Admitted device, TelemetryRequest request) {
    Optional<Duration> wait = deciding
        .rates()
        .take(
            device.subject(),
            device.policy().limits().rate(),
            exchange.request().getPayloadSize());
    if (wait.isEmpty()) {
      note(device.subject(), request, "quota", "rate exceeded");
      answer(exchange, TelemetryAnswer.tooFast(PublishRates.MAX_HOLD));
    } else if (wait.get().isZero()) {
      decide(exchange, device, request);
    } else {
      deciding
          .later()
          .run(wait.get(), () -> guarded(exchange, () -> decide(exchange, device, request)));
    }
  }

  private void decide(CoapsExchange exchange, Outcome.Admitted device, TelemetryRequest request) {
    Decision decision =
        device.policy().publish(request.topicName(), false, exchange.request().getPayloadSize());
    if (decision.allowed()) {
      store(exchange, request);
    } else {
      note(device.subject(), request, decision.rule(), decision.detail());
      answer(exchange, TelemetryAnswer.denied(decision));
    }
  }

  private void note(ClientSubject device, TelemetryRequest request, String rule, String detail) {
    deciding.refusals().note(device, "publish", request.topicName(), rule, detail);
    LOG.warn(
        "Refused operation=publish subject={} topic={} rule={} detail=\"{}\"",
        device,
        request.topicName(),
        rule,
        detail);
  }

  private void store(CoapsExchange exchange, TelemetryRequest request) {
    byte[] payload = exchange.request().getPayload();
    TelemetryMessage message = TelemetryMessage.read(
        request.topic(), request.identity(), clock.instant(), request.contentType(), payload);
    long start = System.nanoTime();
    sink.store(message)
        .orTimeout(COMMIT_LIMIT.toMillis(), TimeUnit.MILLISECONDS)
        .whenComplete((stored, failure) -> guarded(exchange, () -> {
          if (failure == null) {
            acknowledged.record(System.nanoTime() - start, TimeUnit.NANOSECONDS);
            count(stored.name());
            pass(request, payload, stored);
            answer(exchange, TelemetryAnswer.of(message, stored));
          } else {
            count("not_stored");
            LOG.warn("Telemetry not stored device={} reason={}", request.topic().device(), failure);
            answer(exchange, TelemetryAnswer.notStored());
          }
        }));
  }

  /** To who listens now. A redelivery, too: what they saw of the first one is not known. */
  private void pass(TelemetryRequest request, byte[] payload, Stored stored) {
    if (stored == Stored.NEW || stored == Stored.DUPLICATE) {
      publisher.pass(request.topicName(), payload, request.contentType());
    }
  }

  private void count(String outcome) {
    meters
        .counter("muster.telemetry.messages", "outcome", outcome.toLowerCase(Locale.ROOT))
        .increment();
  }

  private void answer(CoapsExchange exchange, Response response) {
    meters
        .counter("muster.coap.requests", "code", response.getCode().toString())
        .increment();
    exchange.answer(response);
  }
}
