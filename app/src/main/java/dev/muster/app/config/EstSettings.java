/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.config;

import dev.muster.broker.settings.Settings;
import dev.muster.coap.CoapsConfig;
import dev.muster.enrollment.est.EstConfig;
import dev.muster.enrollment.est.EstLimits;

/**
 * What can be set of EST.
 *
 * @param conscrypt whether Conscrypt may do TLS and signatures
 * @param requireChannelBinding whether requests must be linked to their TLS connection
 * @param dtls the limits of EST over CoAP
 */
public record EstSettings(
    boolean conscrypt, boolean requireChannelBinding, EstLimits limits, CoapsConfig.Limits dtls) {

  /** Goes on with the section that enrollment's settings begin. */
  static final String COMMENTED_YAML =
      """
        # Conscrypt does EST's TLS and checks its signatures faster than the JDK, and alone can link
        # requests to their TLS connection. Used where its native library runs; it takes no devices
        # with Ed25519 keys. MUSTER_JAVA_OPTS=-Dmuster.conscrypt=false keeps all from loading it.
        # conscrypt: true
        # Accept only requests that are linked to their TLS connection (RFC 7030, 3.5).
        # requireChannelBinding: false
        limits:
          # Connections to EST per address at a time, as many to where CRLs and OCSP are served, and
          # TLS handshakes under way in all.
          # connectionsPerAddress: 4096
          # handshakes: 1024
          # Requests of one device, and first requests of all devices of one manufacturer, a minute.
          # requestsPerDevice: 30
          # requestsPerManufacturer: 60000
          # First requests that may wait their turn, and as many renewals; others are told to come again (503).
          # waiting: 1024
      """ + DtlsLimits.commentedYaml("EST over CoAP (ports.coaps)");

  static EstSettings read(Settings settings) {
    EstLimits defaults = EstLimits.DEFAULT;
    return new EstSettings(
        settings.flag("enrollment.conscrypt", true),
        settings.flag("enrollment.requireChannelBinding", false),
        new EstLimits(
            limit(settings, "connectionsPerAddress", defaults.connectionsPerAddress()),
            limit(settings, "handshakes", defaults.handshakes()),
            limit(settings, "requestsPerDevice", defaults.requestsPerDevice()),
            limit(settings, "requestsPerManufacturer", defaults.requestsPerManufacturer()),
            limit(settings, "waiting", defaults.waiting())),
        DtlsLimits.read(settings, "enrollment"));
  }

  private static int limit(Settings settings, String name, int otherwise) {
    return settings.integer("enrollment.limits." + name, otherwise, 1, 1_000_000_000);
  }

  /** @param port 0 for a free one */
  public EstConfig on(String host, int port) {
    return new EstConfig(host, port, conscrypt, requireChannelBinding, limits);
  }

  /** @param port of UDP; 0 for a free one */
  public CoapsConfig coapsOn(String host, int port) {
    return new CoapsConfig(host, port, dtls);
  }
}
