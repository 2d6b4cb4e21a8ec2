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
 * What a broker is started with.
 *
 * @param directory its own: the telemetry, the last CRLs, HiveMQ's folders; created if absent
 * @param host the address to listen on
 * @param mqttPort 0 picks a free one
 * @param serverKey the key of the server certificate, PKCS#8 PEM
 * @param serverChain the server certificate and those above it, PEM
 * @param deviceCa the CA that issues LDevIDs, PEM; several certificates during a roll-over, each
 *     with its id in a line before it ({@code # device-2}); read again when it changes
 * @param serviceCa the CA that issues service certificates, likewise
 * @param policyFile who may publish and subscribe what
 * @param crls where CRLs are fetched, as {@code <id of the CA>.crl} below it:
 *     {@code http://localhost:8080/crl/}; null: they come by push alone
 * @param crlRefresh how often
 * @param crlGrace how long a CRL is used after its nextUpdate; then its CA's certificates are
 *     refused
 */
public record BrokerConfig(
    Path directory,
    String host,
    int mqttPort,
    Path serverKey,
    Path serverChain,
    Path deviceCa,
    Path serviceCa,
    Path policyFile,
    @Nullable URI crls,
    Duration crlRefresh,
    Duration crlGrace,
    Limits limits,
    TelemetryConfig telemetry) {
  /** How often CRLs are fetched, unless something else is asked for. */
  public static final Duration DEFAULT_CRL_REFRESH = Duration.ofMinutes(5);
  /** How long an overdue CRL is used, unless something else is asked for. */
  public static final Duration DEFAULT_CRL_GRACE = Duration.ofHours(1);

  /**
   * What clients may ask of the broker.
   *
   * @param maxPacketBytes the largest MQTT packet; must hold a CRL
   * @param maxKeepAliveSeconds for clients of MQTT 5
   * @param maxSessionExpirySeconds how long the session of an absent client is kept
   * @param receiveMaximum unacknowledged messages of one client of MQTT 5
   * @param maxConnections -1: no limit
   */
  public record Limits(
      int maxPacketBytes,
      int maxKeepAliveSeconds,
      int maxSessionExpirySeconds,
      int receiveMaximum,
      int maxConnections) {
    /** 2 MiB, 20 minutes, 1 day, 20 messages, any number of connections. */
    public static final Limits DEFAULT = new Limits(2 * 1024 * 1024, 1_200, 86_400, 20, -1);

    public Limits {
      check("maxPacketBytes", maxPacketBytes, 1_024, 268_435_460);
      check("maxKeepAliveSeconds", maxKeepAliveSeconds, 1, 65_535);
      check("maxSessionExpirySeconds", maxSessionExpirySeconds, 0, Integer.MAX_VALUE);
      check("receiveMaximum", receiveMaximum, 1, 65_535);
      check("maxConnections", maxConnections, -1, Integer.MAX_VALUE);
    }
  }

  public BrokerConfig {
    requireNonNull(directory, "directory");
    requireNonNull(host, "host");
    check("mqttPort", mqttPort, 0, 65_535);
    requireNonNull(serverKey, "serverKey");
    requireNonNull(serverChain, "serverChain");
    requireNonNull(deviceCa, "deviceCa");
    requireNonNull(serviceCa, "serviceCa");
    requireNonNull(policyFile, "policyFile");
    if (crls != null && !crls.toString().endsWith("/")) {
      throw new IllegalArgumentException("crls: " + crls + " (expected: a URL that ends with /)");
    }
    requireNonNull(crlRefresh, "crlRefresh");
    requireNonNull(crlGrace, "crlGrace");
    requireNonNull(limits, "limits");
    requireNonNull(telemetry, "telemetry");
    if (crlRefresh.isZero() || crlRefresh.isNegative() || crlGrace.isNegative()) {
      throw new IllegalArgumentException(
          "crlRefresh, crlGrace: " + crlRefresh + ", " + crlGrace + " (expected: > 0, >= 0)");
    }
  }

  private static void check(String name, int value, int least, int most) {
    if (value < least || value > most) {
      throw new IllegalArgumentException(
          name + ": " + value + " (expected: " + least + " to " + most + ")");
    }
  }
}
