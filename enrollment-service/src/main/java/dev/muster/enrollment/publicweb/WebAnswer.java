/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.publicweb;

import io.vertx.core.buffer.Buffer;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * What goes back.
 *
 * @param freshness null if nobody may keep it
 */
public record WebAnswer(
    int status, String contentType, Buffer body, @Nullable Freshness freshness) {

  /**
   * How long others may keep it (RFC 9111).
   *
   * @param tag differs whenever the body does; of {@code [a-z0-9-]}
   * @param byDate whether no other body had that date, or will have it: only then does a date alone
   *     tell which body somebody has (RFC 9110, 8.8.2.2)
   * @param maxAge for caches that know it
   * @param expires for those that do not
   */
  public record Freshness(
      String tag, Instant lastModified, boolean byDate, Duration maxAge, Instant expires) {}

  /** Something good for a while. */
  public static WebAnswer fresh(String contentType, Buffer body, Freshness freshness) {
    return new WebAnswer(200, contentType, body, freshness);
  }

  /** Something for this asker at this moment. */
  public static WebAnswer once(String contentType, Buffer body) {
    return new WebAnswer(200, contentType, body, null);
  }

  static WebAnswer text(int status, String text) {
    return new WebAnswer(status, "text/plain; charset=utf-8", Buffer.buffer(text + "\n"), null);
  }
}
