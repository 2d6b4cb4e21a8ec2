/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.est;

/**
 * How much EST takes on. Whole factories may sit behind one address, so the limits for one are
 * high. Each process counts for itself: two on one registry take on twice as much.
 *
 * @param connectionsPerAddress open at a time, and as many to the public web; an IPv6 address
 *     counts with its /64
 * @param handshakes TLS handshakes under way at a time; one address may have half of them
 * @param requestsPerDevice in a minute, and as many of each certificate or claim token that is
 *     shown
 * @param requestsPerManufacturer first requests of all its devices in a minute
 * @param waiting first requests that may wait for a thread, and as many renewals
 */
public record EstLimits(
    int connectionsPerAddress,
    int handshakes,
    int requestsPerDevice,
    int requestsPerManufacturer,
    int waiting) {
  public static final EstLimits DEFAULT = new EstLimits(4096, 1024, 30, 60_000, 1024);

  /** @throws IllegalArgumentException naming the setting and what is expected */
  public EstLimits {
    requirePositive("connectionsPerAddress", connectionsPerAddress);
    requirePositive("handshakes", handshakes);
    requirePositive("requestsPerDevice", requestsPerDevice);
    requirePositive("requestsPerManufacturer", requestsPerManufacturer);
    requirePositive("waiting", waiting);
  }

  private static void requirePositive(String name, int value) {
    if (value < 1) {
      throw new IllegalArgumentException(name + ": " + value + " (expected: at least 1)");
    }
  }
}
