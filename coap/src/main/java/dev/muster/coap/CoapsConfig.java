/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.coap;

import static java.util.Objects.requireNonNull;

/**
 * Where CoAP is served, and how much of it.
 *
 * @param host the address to listen on
 * @param port of UDP; 0 for a free one
 */
public record CoapsConfig(String host, int port, Limits limits) {
  /**
   * What all clients together may take up.
   *
   * @param sessions of DTLS that are kept; one that was closed, or silent for long, makes room for
   *     a new one, and one address may have half of them. Handshakes that are under way when the
   *     last place is taken come to their end
   * @param handshakes under way at a time; one address may have half of them
   * @param handshakesPerSecond that are begun, of all clients; after a silence, those of ten
   *     seconds at once
   * @param handshakesOfAddressPerSecond the same, of one address
   */
  public record Limits(
      int sessions, int handshakes, int handshakesPerSecond, int handshakesOfAddressPerSecond) {
    public static final Limits DEFAULT = new Limits(10_000, 1_000, 200, 50);

    /** @throws IllegalArgumentException naming the setting and what is expected */
    public Limits {
      requirePositive("dtlsSessions", sessions);
      requirePositive("dtlsHandshakes", handshakes);
      requirePositive("dtlsHandshakesPerSecond", handshakesPerSecond);
      requirePositive("dtlsHandshakesOfAddressPerSecond", handshakesOfAddressPerSecond);
    }

    private static void requirePositive(String name, int value) {
      if (value < 1) {
        throw new IllegalArgumentException(name + ": " + value + " (expected: at least 1)");
      }
    }
  }

  /** @throws IllegalArgumentException naming the setting and what is expected */
  public CoapsConfig {
    requireNonNull(host, "host");
    requireNonNull(limits, "limits");
    if (port < 0 || port > 65535) {
      throw new IllegalArgumentException("coapsPort: " + port + " (expected: 0 to 65535)");
    }
  }

  /** With all limits at their defaults. */
  public static CoapsConfig on(String host, int port) {
    return new CoapsConfig(host, port, Limits.DEFAULT);
  }
}
