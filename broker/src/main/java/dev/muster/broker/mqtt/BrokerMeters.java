/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.mqtt;

import dev.muster.broker.session.Sessions;
import dev.muster.broker.telemetry.TelemetrySink;
import dev.muster.protocol.topic.FleetTopics.DeviceTopic;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.Locale;

/** What operators count. */
final class BrokerMeters {
  private final MeterRegistry registry;
  private final Timer acknowledged;

  BrokerMeters(MeterRegistry registry, Sessions sessions) {
    this.registry = registry;
    this.acknowledged = Timer.builder("muster.telemetry.store")
        .description("From the receipt of a message to its being on stable storage")
        .register(registry);
    Gauge.builder("muster.sessions", sessions, Sessions::size).register(registry);
  }

  /** @param operation connect, publish, subscribe, will or deliver */
  void refused(String operation, String reason) {
    registry
        .counter(
            "muster.broker.refused",
            "operation",
            operation,
            "reason",
            reason.toLowerCase(Locale.ROOT))
        .increment();
  }

  void stored(TelemetrySink.Stored outcome, Duration took) {
    acknowledged.record(took);
    registry
        .counter("muster.telemetry.messages", "outcome", outcome.name().toLowerCase(Locale.ROOT))
        .increment();
  }

  /** @param outcome stored, stale, unknown, refused or not_stored */
  void state(DeviceTopic topic, String outcome) {
    registry
        .counter(
            "muster.state.messages",
            "kind",
            topic.isReported() ? "reported" : "result",
            "outcome",
            outcome)
        .increment();
  }

  void cloneAlarm() {
    registry.counter("muster.clone.alarms").increment();
  }

  void takeOver() {
    registry.counter("muster.session.takeovers").increment();
  }

  void held() {
    registry.counter("muster.broker.held", "reason", "rate").increment();
  }

  void notStored() {
    registry.counter("muster.telemetry.messages", "outcome", "not_stored").increment();
  }
}
