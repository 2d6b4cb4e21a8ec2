/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.command;

import com.fasterxml.jackson.databind.JsonNode;
import dev.muster.protocol.identity.DeviceId;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * An order to a device.
 *
 * @param payload null: none
 * @param deadline after it the device is not to begin, and its silence counts as an end
 * @param sentAt when it was first handed to the device's session; null: not yet
 * @param endedAt when it came to its end; null: it is open
 * @param result what the device answered, also if that was too late to change the state
 */
public record Command(
    String id,
    DeviceId device,
    String name,
    @Nullable JsonNode payload,
    State state,
    Instant createdAt,
    Instant deadline,
    @Nullable Instant sentAt,
    @Nullable Instant endedAt,
    @Nullable Result result) {
  /** How long a payload, of an order or of its result, may be as compact JSON in UTF-8. */
  public static final int MAX_PAYLOAD_BYTES = 64 * 1024;

  /** Where a command is on its way. */
  public enum State {
    QUEUED,
    SENT,
    DONE,
    FAILED,
    EXPIRED,
    CANCELLED;

    public boolean isOpen() {
      return this == QUEUED || this == SENT;
    }
  }

  /** What the device says of it. */
  public enum Status {
    DONE,
    FAILED,
    /** The device will not do it; for us that, too, is a failure. */
    REFUSED;

    State state() {
      return this == DONE ? State.DONE : State.FAILED;
    }
  }

  /** What the device answered. */
  public record Result(
      Status status, @Nullable JsonNode payload, @Nullable String detail, Instant at) {}

  /** As it stands at a time: its deadline may have passed with nobody noting it yet. */
  Command at(Instant now) {
    return state.isOpen() && !deadline.isAfter(now) ? ended(State.EXPIRED, deadline) : this;
  }

  Command ended(State how, Instant when) {
    return new Command(id, device, name, payload, how, createdAt, deadline, sentAt, when, result);
  }
}
