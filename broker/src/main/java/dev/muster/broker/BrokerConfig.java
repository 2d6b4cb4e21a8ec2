/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker;

import static java.util.Objects.requireNonNull;

import dev.muster.coap.CoapsConfig;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * What a broker in this JVM is started with; HiveMQ's folders are made below the directory of
 * {@code core}.
 *
 * @param host the address to listen on
 * @param mqttPort 0 picks a free one
 * @param serverKey the key of the server certificate, PKCS#8 PEM
 * @param serverChain the server certificate and those above it, PEM
 * @param coaps where telemetry is taken over CoAP; null for not at all
 */
public record BrokerConfig(
    CoreConfig core,
    String host,
    int mqttPort,
    Path serverKey,
    Path serverChain,
    Limits limits,
    @Nullable CoapsConfig coaps) {
  /** Without CoAP. */
  public BrokerConfig(
      CoreConfig core, String host, int mqttPort, Path serverKey, Path serverChain, Limits limits) {
    this(core, host, mqttPort, serverKey, serverChain, limits, null);
  }

  /**
   * What clients may ask of the broker.
   *
   * @param maxPacketBytes the largest MQTT packet; must hold a CRL
   * @param maxSessionExpirySeconds how long the session of an absent client is kept
   * @param receiveMaximum unacknowledged messages of one client of MQTT 5
   * @param maxConnections -1: no limit
   */
  public record Limits(
      int maxPacketBytes, int maxSessionExpirySeconds, int receiveMaximum, int maxConnections) {
    /** 2 MiB, 1 day, 20 messages, any number of connections. */
    public static final Limits DEFAULT = new Limits(2 * 1024 * 1024, 86_400, 20, -1);

    public Limits {
      check("maxPacketBytes", maxPacketBytes, 1_024, 268_435_460);
      check("maxSessionExpirySeconds", maxSessionExpirySeconds, 0, Integer.MAX_VALUE);
      check("receiveMaximum", receiveMaximum, 1, 65_535);
      check("maxConnections", maxConnections, -1, Integer.MAX_VALUE);
    }
  }

  public BrokerConfig {
    requireNonNull(core, "core");
    requireNonNull(host, "host");
    check("mqttPort", mqttPort, 0, 65_535);
    requireNonNull(serverKey, "serverKey");
    requireNonNull(serverChain, "serverChain");
    requireNonNull(limits, "limits");
  }

  static void check(String name, int value, int least, int most) {
    if (value < least || value > most) {
      throw new IllegalArgumentException(
          name + ": " + value + " (expected: " + least + " to " + most + ")");
    }
  }
}
