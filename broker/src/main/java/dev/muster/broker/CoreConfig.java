/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker;

import static java.util.Objects.requireNonNull;

import dev.muster.broker.telemetry.TelemetryConfig;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * What there is to know of a broker wherever its HiveMQ runs.
 *
 * @param name what it calls itself when it answers a CRL
 * @param directory its own: the telemetry, the last CRLs; created if absent
 * @param deviceCa the CA that issues LDevIDs, PEM; several certificates during a roll-over, each
 *     with its id in a line before it ({@code # device-2}); read again when it changes
 * @param serviceCa the CA that issues service certificates, likewise
 * @param policyFile who may publish and subscribe what
 * @param crls where CRLs are fetched, as {@code <id of the CA>.crl} below it:
 *     {@code http://localhost:8080/crl/}; null: they come by push alone
 * @param crlRefresh how often
 * @param crlGrace how long a CRL is used after its nextUpdate; then its CA's certificates are
 *     refused
 * @param maxKeepAliveSeconds what HiveMQ tells clients of MQTT 5 that ask for more
 */
public record CoreConfig(
    String name,
    Path directory,
    Path deviceCa,
    Path serviceCa,
    Path policyFile,
    @Nullable URI crls,
    Duration crlRefresh,
    Duration crlGrace,
    int maxKeepAliveSeconds,
    TelemetryConfig telemetry) {
  /** The name of a broker, unless something else is asked for. */
  public static final String DEFAULT_NAME = "broker";
  /** 20 minutes. */
  public static final int DEFAULT_MAX_KEEP_ALIVE_SECONDS = 1_200;

  public CoreConfig {
    requireNonNull(name, "name");
    requireNonNull(directory, "directory");
    requireNonNull(deviceCa, "deviceCa");
    requireNonNull(serviceCa, "serviceCa");
    requireNonNull(policyFile, "policyFile");
    if (crls != null && !crls.toString().endsWith("/")) {
      throw new IllegalArgumentException("crls: " + crls + " (expected: a URL that ends with /)");
    }
    requireNonNull(crlRefresh, "crlRefresh");
    requireNonNull(crlGrace, "crlGrace");
    BrokerConfig.check("maxKeepAliveSeconds", maxKeepAliveSeconds, 1, 65_535);
    requireNonNull(telemetry, "telemetry");
    if (crlRefresh.isZero() || crlRefresh.isNegative() || crlGrace.isNegative()) {
      throw new IllegalArgumentException(
          "crlRefresh, crlGrace: " + crlRefresh + ", " + crlGrace + " (expected: > 0, >= 0)");
    }
  }
}
