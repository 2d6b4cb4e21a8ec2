/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.telemetry;

import static java.util.Objects.requireNonNull;

import dev.muster.broker.telemetry.format.Reading;
import dev.muster.broker.telemetry.format.TelemetryCodec;
import dev.muster.protocol.telemetry.Measurement;
import dev.muster.protocol.telemetry.MessageIdentity;
import dev.muster.protocol.topic.FleetTopics.TelemetryTopic;
import java.time.Duration;
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
  private final @Nullable Long letter;

  private TelemetryMessage(
      TelemetryTopic topic,
      @Nullable MessageIdentity identity,
      Instant receivedAt,
      @Nullable String contentType,
      byte[] payload,
      Reading reading,
      @Nullable Long letter) {
    this.letter = letter;
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
    return new TelemetryMessage(topic, identity, receivedAt, contentType, copy, reading, null);
  }

  /**
   * Reads a message anew that is kept aside: stored, it is taken away from there.
   *
   * @param letter its id there
   * @param payload is taken over
   */
  public static TelemetryMessage replay(
      long letter,
      TelemetryTopic topic,
      @Nullable MessageIdentity identity,
      Instant receivedAt,
      @Nullable String contentType,
      byte[] payload) {
    Reading reading = TelemetryCodec.decode(payload, contentType, receivedAt);
    return new TelemetryMessage(topic, identity, receivedAt, contentType, payload, reading, letter);
  }

  /** The same message, not to be taken as read. */
  public TelemetryMessage asUnreadable(String reason) {
    return as(new Reading.Unreadable(reason));
  }

  /** The same message, to be held if its time lies further ahead than that of its receipt. */
  public TelemetryMessage heldBeyond(Duration tolerance) {
    if (!(reading instanceof Reading.Readable readable)) {
      return this;
    }
    Instant newest = newest(readable);
    if (!newest.isAfter(receivedAt.plus(tolerance))) {
      return this;
    }
    String reason = "time: " + newest + " lies ahead of its receipt, " + receivedAt
        + " (expected: by at most " + tolerance.toSeconds() + " s)";
    return as(new Reading.Early(reason, newest.minus(tolerance)));
  }

  private static Instant newest(Reading.Readable readable) {
    Instant newest = Instant.MIN;
    for (Measurement measurement : readable.measurements()) {
      newest = measurement.time().isAfter(newest) ? measurement.time() : newest;
    }
    return newest;
  }

  private TelemetryMessage as(Reading other) {
    return new TelemetryMessage(topic, identity, receivedAt, contentType, payload, other, letter);
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

  /** How long the payload is. */
  public int payloadBytes() {
    return payload.length;
  }

  /** The id under which it is kept aside; null: it comes from the device. */
  @Nullable Long letter() {
    return letter;
  }
}
