/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.revocation;

import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonObject;
import java.util.Optional;

/**
 * A broker has applied a CRL.
 *
 * @param broker its name
 * @param cut how many sessions it closed
 * @param remaining how many it has yet to close
 */
public record AppliedAnswer(
    String crlNumber, String broker, long cut, long remaining, long tookMs) {
  private static final int MAX_BYTES = 4096;

  /** @return empty if that is no answer */
  static Optional<AppliedAnswer> parse(Buffer payload) {
    if (payload.length() > MAX_BYTES) {
      return Optional.empty();
    }
    try {
      JsonObject json = new JsonObject(payload);
      String number = json.getString("crlNumber");
      String broker = json.getString("broker");
      return number == null || broker == null
          ? Optional.empty()
          : Optional.of(new AppliedAnswer(
              number,
              broker,
              json.getLong("cut", 0L),
              json.getLong("remaining", 0L),
              json.getLong("tookMs", 0L)));
    } catch (DecodeException | ClassCastException e) {
      return Optional.empty();
    }
  }
}
