/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.authz;

/**
 * How much a client may publish in the long run.
 *
 * @param messagesPerSecond 0: any number
 * @param bytesPerSecond of payloads; 0: any number
 */
public record RateLimit(int messagesPerSecond, int bytesPerSecond) {
  /** No limit. */
  public static final RateLimit NONE = new RateLimit(0, 0);
  /** Of a device whose role names none: 200 messages and 1 MiB a second. */
  static final RateLimit DEVICE = new RateLimit(200, 1024 * 1024);

  public RateLimit {
    if (messagesPerSecond < 0 || bytesPerSecond < 0) {
      throw new IllegalArgumentException("rate: " + messagesPerSecond + " messages, "
          + bytesPerSecond + " bytes a second (expected: 0 or more)");
    }
  }

  /** Of a client with two roles: what either allows. */
  RateLimit or(RateLimit other) {
    return new RateLimit(
        more(messagesPerSecond, other.messagesPerSecond),
        more(bytesPerSecond, other.bytesPerSecond));
  }

  private static int more(int one, int other) {
    return one == 0 || other == 0 ? 0 : Math.max(one, other);
  }
}
