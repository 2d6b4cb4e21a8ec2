/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.coap;

import static java.util.Objects.requireNonNull;

/**
 * Where CoAP is served, and for how many at a time.
 *
 * @param host the address to listen on
 * @param port of UDP; 0 for a free one
 * @param sessions of DTLS that are kept; who was silent longest makes room for a new one, and one
 *     address may have half of them
 * @param handshakes under way at a time; one address may have half of them
 */
public record CoapsConfig(String host, int port, int sessions, int handshakes) {
  public static final int DEFAULT_SESSIONS = 10_000;
  public static final int DEFAULT_HANDSHAKES = 1_000;

  /** @throws IllegalArgumentException naming the setting and what is expected */
  public CoapsConfig {
    requireNonNull(host, "host");
    if (port < 0 || port > 65535) {
      throw new IllegalArgumentException("coapsPort: " + port + " (expected: 0 to 65535)");
    }
    requirePositive("dtlsSessions", sessions);
    requirePositive("dtlsHandshakes", handshakes);
  }

  /** With everything at its default. */
  public static CoapsConfig on(String host, int port) {
    return new CoapsConfig(host, port, DEFAULT_SESSIONS, DEFAULT_HANDSHAKES);
  }

  private static void requirePositive(String name, int value) {
    if (value < 1) {
      throw new IllegalArgumentException(name + ": " + value + " (expected: at least 1)");
    }
  }
}
