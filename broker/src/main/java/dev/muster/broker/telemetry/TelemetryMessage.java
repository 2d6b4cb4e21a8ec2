/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.telemetry;

import static java.util.Objects.requireNonNull;

import dev.muster.broker.telemetry.format.Reading;
import dev.muster.broker.telemetry.format.TelemetryCodec;
import dev.muster.protocol.telemetry.MessageIdentity;
import dev.muster.protocol.topic.FleetTopics.TelemetryTopic;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** One telemetry message of a device, read. Immutable; the payload is its own copy. */
public final class TelemetryMessage {
  private final TelemetryTopic topic;
  private final @Nullable MessageIdentity identity;
  private final Instant receivedAt;
  private final @Nullable String contentType;
  private final byte[] payload;
  private final Reading reading;

  private TelemetryMessage(
      TelemetryTopic topic,
      @Nullable MessageIdentity identity,
      Instant receivedAt,
      @Nullable String contentType,
      byte[] payload,
      Reading reading) {
    this.topic = requireNonNull(topic, "topic");
    this.identity = identity;
    this.receivedAt = requireNonNull(receivedAt, "receivedAt");
    this.contentType = contentType;
    this.payload = payload;
    this.reading = reading;
  }

  /**
   * Reads a message.
   *
   * @param identity null: a redelivery cannot be told from a new message
   * @param payload is copied
   */
  public static TelemetryMessage read(
      TelemetryTopic topic,
      @Nullable MessageIdentity identity,
      Instant receivedAt,
      @Nullable String contentType,
      byte[] payload) {
    byte[] copy = payload.clone();
    Reading reading = TelemetryCodec.decode(copy, contentType, receivedAt);
    return new TelemetryMessage(topic, identity, receivedAt, contentType, copy, reading);
  }

  /** The same message, not to be taken as read. */
  public TelemetryMessage asUnreadable(String reason) {
    return new TelemetryMessage(
        topic, identity, receivedAt, contentType, payload, new Reading.Unreadable(reason));
  }

  public TelemetryTopic topic() {
    return topic;
  }

  public @Nullable MessageIdentity identity() {
    return identity;
  }

  public Instant receivedAt() {
    return receivedAt;
  }

  public @Nullable String contentType() {
    return contentType;
  }

  public Reading reading() {
    return reading;
  }

  byte[] payload() {
    return payload;
  }
}
