/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.internal.est;

import dev.muster.device.EnrollmentDeferredException;
import dev.muster.device.EnrollmentException;
import dev.muster.device.EnrollmentRefusedException;
import dev.muster.device.EnrollmentUnavailableException;
import dev.muster.device.ServerProtocolException;
import dev.muster.protocol.est.EstOperation;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import org.jspecify.annotations.Nullable;

/** The only place that knows HTTP status codes. */
final class EstAnswers {
  private static final int MAX_SHOWN = 300;
  private static final Duration DEFAULT_WAIT = Duration.ofMinutes(1);
  private static final Duration LONGEST_WAIT = Duration.ofHours(1);

  private EstAnswers() {}

  /** What anything but 200 means (RFC 7030, 4.2.3). */
  static EnrollmentException toException(
      EstOperation operation, int status, String text, @Nullable String retryAfter, Instant now) {
    String answer =
        operation.segment() + " was answered with " + status + (text.isEmpty() ? "" : ": " + text);
    Duration wait = retryAfter(retryAfter, now, LONGEST_WAIT);
    if (status == 202) {
      Duration least = wait.isZero() ? DEFAULT_WAIT : wait;
      return new EnrollmentDeferredException(
          text.isEmpty() ? "the server has not decided yet" : text, least);
    }
    if (status == 404 || status == 405 || status == 501 || status < 400) {
      return new ServerProtocolException(
          answer + " (expected: an EST server at this address)", null);
    }
    if (status == 408 || status == 425 || status == 429 || status >= 500) {
      return new EnrollmentUnavailableException(answer, wait, null);
    }
    return status == 400
        ? EnrollmentRefusedException.ofRequest(answer)
        : new EnrollmentRefusedException(answer, status == 401, null);
  }

  /** Whether a server has nothing to say to what it need not answer (4.5.2), or knows it not. */
  static boolean isNothing(EstOperation operation, int status) {
    boolean isOptional =
        operation == EstOperation.CSR_ATTRS || operation == EstOperation.RENEWAL_INFO;
    return isOptional && (status == 204 || status == 404 || status == 405 || status == 501);
  }

  /** Seconds or a date (RFC 9110, 10.2.3), up to a limit; zero if absent or unreadable. */
  static Duration retryAfter(@Nullable String value, Instant now, Duration longest) {
    if (value == null) {
      return Duration.ZERO;
    }
    Duration wait;
    String text = value.strip();
    if (text.matches("[0-9]{1,9}")) {
      wait = Duration.ofSeconds(Long.parseLong(text));
    } else {
      try {
        wait = Duration.between(
            now, ZonedDateTime.parse(text, DateTimeFormatter.RFC_1123_DATE_TIME).toInstant());
      } catch (DateTimeException e) {
        wait = Duration.ZERO;
      }
    }
    if (wait.isNegative()) {
      return Duration.ZERO;
    }
    return wait.compareTo(longest) > 0 ? longest : wait;
  }

  /** Text of a stranger in one short line of printable characters. */
  static String shown(String text) {
    StringBuilder line = new StringBuilder();
    text.strip()
        .codePoints()
        .limit(MAX_SHOWN)
        .map(c -> Character.isISOControl(c) || c > 0x7e ? ' ' : c)
        .forEach(line::appendCodePoint);
    return line.toString();
  }
}
