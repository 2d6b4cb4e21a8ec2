/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.est;

import static java.util.Objects.requireNonNull;

/**
 * How EST is served.
 *
 * @param host the address to listen on
 * @param port of EST over HTTPS; 0 for a free one
 * @param conscrypt whether Conscrypt may do TLS and signatures; it does where it runs
 * @param requireChannelBinding whether requests must be linked to their TLS connection (RFC 7030,
 *     3.5); needs Conscrypt
 */
public record EstConfig(
    String host, int port, boolean conscrypt, boolean requireChannelBinding, EstLimits limits) {
  /** @throws IllegalArgumentException naming the setting and what is expected */
  public EstConfig {
    requireNonNull(host, "host");
    requireNonNull(limits, "limits");
    if (port < 0 || port > 65535) {
      throw new IllegalArgumentException("estPort: " + port + " (expected: 0 to 65535)");
    }
    if (requireChannelBinding && !conscrypt) {
      throw new IllegalArgumentException(
          "requireChannelBinding: true (expected: false where conscrypt is off, which alone tells"
              + " channel bindings)");
    }
  }

  /** With everything at its default. */
  public static EstConfig on(String host, int port) {
    return new EstConfig(host, port, true, false, EstLimits.DEFAULT);
  }
}
