/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.settings;

import java.time.Duration;

/**
 * What can be set of the broker.
 *
 * @param crlRefresh how often CRLs are fetched
 * @param crlGrace how long after its nextUpdate a CRL is still relied on
 */
public record BrokerSettings(Duration crlRefresh, Duration crlGrace) {
  public static final String COMMENTED_YAML = """
      broker:
        # How often CRLs are fetched, besides being pushed at each revocation.
        # crlRefresh: 5m
        # How long after its nextUpdate a CRL is still relied on. Then nobody is let in.
        # crlGrace: 1h
      """;

  public static BrokerSettings read(Settings settings) {
    return new BrokerSettings(
        settings.duration(
            "broker.crlRefresh", Duration.ofMinutes(5), Duration.ofSeconds(1), Duration.ofDays(1)),
        settings.duration(
            "broker.crlGrace", Duration.ofHours(1), Duration.ZERO, Duration.ofDays(7)));
  }
}
