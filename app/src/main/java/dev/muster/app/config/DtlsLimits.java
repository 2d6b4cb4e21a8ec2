/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.config;

import dev.muster.broker.settings.Settings;
import dev.muster.coap.CoapsConfig;

/** What clients over DTLS may take up, in the section {@code limits} of either service. */
final class DtlsLimits {
  private static final int MOST = 1_000_000_000;

  private DtlsLimits() {}

  /** Goes on with the section. @param what is served over DTLS */
  static String commentedYaml(String what) {
    return """
          # Of %s: sessions kept, and handshakes under way.
          # dtlsSessions: 10000
          # dtlsHandshakes: 1000
          # Handshakes that may begin, of all and of one address; ten seconds' worth at once.
          # dtlsHandshakesPerSecond: 200
          # dtlsHandshakesOfAddressPerSecond: 50
        """.formatted(what).indent(2);
  }

  /** @param service whose section it is */
  static CoapsConfig.Limits read(Settings settings, String service) {
    CoapsConfig.Limits defaults = CoapsConfig.Limits.DEFAULT;
    String section = service + ".limits.";
    return new CoapsConfig.Limits(
        settings.integer(section + "dtlsSessions", defaults.sessions(), 1, MOST),
        settings.integer(section + "dtlsHandshakes", defaults.handshakes(), 1, MOST),
        settings.integer(
            section + "dtlsHandshakesPerSecond", defaults.handshakesPerSecond(), 1, MOST),
        settings.integer(
            section + "dtlsHandshakesOfAddressPerSecond",
            defaults.handshakesOfAddressPerSecond(),
            1,
            MOST));
  }
}
