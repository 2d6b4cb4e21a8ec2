/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.internal.est;

import dev.muster.device.internal.json.Json;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * When a server would like a certificate to be renewed (draft-ietf-lamps-est-renewal-info).
 *
 * @param askAgain after how long it may have another opinion
 */
public record RenewalAdvice(Instant start, Instant end, Duration askAgain) {
  private static final Duration SOONEST = Duration.ofMinutes(1);
  private static final Duration LATEST = Duration.ofDays(1);
  /** The last second that a certificate can name (RFC 5280, 4.1.2.5). */
  private static final Instant FARTHEST = Instant.parse("9999-12-31T23:59:59Z");

  /** @throws IllegalArgumentException if the window ends before it begins */
  public RenewalAdvice {
    if (end.isBefore(start)) {
      throw new IllegalArgumentException(
          "suggestedWindow: ends at " + end + " (expected: after its start, " + start + ")");
    }
    if (start.isBefore(Instant.EPOCH) || end.isAfter(FARTHEST)) {
      throw new IllegalArgumentException("suggestedWindow: " + start + " to " + end
          + " (expected: between " + Instant.EPOCH + " and " + FARTHEST + ")");
    }
    if (askAgain.isZero() || askAgain.compareTo(LATEST) > 0) {
      askAgain = LATEST; // Zero is nothing said.
    } else if (askAgain.compareTo(SOONEST) < 0) {
      askAgain = SOONEST;
    }
  }

  /**
   * Reads an answer.
   *
   * @throws IllegalArgumentException if it is none
   */
  static RenewalAdvice parse(byte[] json, Duration askAgain) {
    Map<String, Object> window =
        Json.object("suggestedWindow", Json.parseObject(json).get("suggestedWindow"));
    return new RenewalAdvice(
        time("start", window.get("start")), time("end", window.get("end")), askAgain);
  }

  private static Instant time(String name, @Nullable Object value) {
    try {
      return Instant.parse(String.valueOf(value));
    } catch (DateTimeException e) {
      throw new IllegalArgumentException(
          "suggestedWindow." + name + ": not a time (expected: like 2026-01-31T12:00:00Z)", e);
    }
  }

  /** @param place of the device among others, from 0 to 1 */
  public Instant at(double place) {
    return start.plusMillis((long) (Duration.between(start, end).toMillis() * place));
  }
}
