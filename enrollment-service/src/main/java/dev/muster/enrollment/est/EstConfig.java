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
 */
public record EstConfig(String host, int port) {
  /** @throws IllegalArgumentException naming the setting and what is expected */
  public EstConfig {
    requireNonNull(host, "host");
    if (port < 0 || port > 65535) {
      throw new IllegalArgumentException("estPort: " + port + " (expected: 0 to 65535)");
    }
  }
}
