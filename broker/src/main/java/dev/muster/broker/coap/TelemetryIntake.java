/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.coap;

import dev.muster.broker.session.DevicePublisher;
import dev.muster.broker.telemetry.TelemetryMessage;
import dev.muster.broker.telemetry.TelemetrySink;
import dev.muster.broker.telemetry.TelemetrySink.Stored;
import dev.muster.protocol.log.Sparingly;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Clock;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import org.eclipse.californium.core.coap.Request;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Takes telemetry to the store; 2.04 means what a PUBACK means. Thread-safe. */
final class TelemetryIntake {
  private static final Logger LOG = LoggerFactory.getLogger(TelemetryIntake.class);
  private static final Duration COMMIT_LIMIT = Duration.ofSeconds(10);

  private final TelemetrySink sink;
  private final DevicePublisher publisher;
  private final Clock clock;
  private final MeterRegistry meters;
  private final Timer acknowledged;
  private final Sparingly unstored = new Sparingly(System::nanoTime);

  TelemetryIntake(
      TelemetrySink sink, DevicePublisher publisher, Clock clock, MeterRegistry meters) {
    this.sink = sink;
    this.publisher = publisher;
    this.clock = clock;
    this.meters = meters;
    this.acknowledged = Timer.builder("muster.telemetry.store")
        .description("From the receipt of a message to its being on stable storage")
        .register(meters);
  }

  CoapAct read(Request request, KnownDevice device) throws RefusedException {
    TelemetryRequest read = TelemetryRequest.read(request, device.subject());
    return new CoapAct(read.topicName(), true, reply -> store(read, reply));
  }

  private void store(TelemetryRequest request, Reply reply) {
    byte[] payload = reply.exchange().request().getPayload();
    TelemetryMessage message = TelemetryMessage.read(
        request.topic(), request.identity(), clock.instant(), request.contentType(), payload);
    long start = System.nanoTime();
    sink.store(message)
        .orTimeout(COMMIT_LIMIT.toMillis(), TimeUnit.MILLISECONDS)
        .whenComplete((stored, failure) -> {
          if (failure == null) {
            acknowledged.record(System.nanoTime() - start, TimeUnit.NANOSECONDS);
            count(stored.name());
            reply.answer(CoapAnswers.of(message, stored));
            pass(request, payload, stored);
          } else {
            count("not_stored");
            unstored.say(others -> LOG.warn(
                "Telemetry not stored device={} reason={} others={}",
                request.topic().device(),
                failure.toString(),
                others));
            reply.answer(CoapAnswers.notStored());
          }
        });
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
}
