/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment;

import static java.util.Objects.requireNonNull;

import dev.muster.protocol.identity.FleetName;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * How the enrollment service runs.
 *
 * @param databaseDirectory where its registry is kept; made if it is not there
 * @param host the address to listen on
 * @param estPort of EST over HTTPS; 0 for a free one
 * @param httpPort of CRLs over plain HTTP; 0 for a free one
 * @param publicHttpUrl what the URLs of CRLs in certificates begin with; null for
 *     {@code http://localhost:<port>}
 * @param defaultFleet of devices whose manufacturer and manifest name none
 * @param deviceCertificateValidity of LDevIDs, at least ten seconds
 * @param crlValidity from a CRL's thisUpdate to its nextUpdate
 * @param crlInterval how often a CRL is made anew; shorter than its validity
 */
public record EnrollmentConfig(
    Path databaseDirectory,
    String host,
    int estPort,
    int httpPort,
    @Nullable URI publicHttpUrl,
    FleetName defaultFleet,
    Duration deviceCertificateValidity,
    Duration crlValidity,
    Duration crlInterval) {
  private static final Duration MIN_VALIDITY = Duration.ofSeconds(10);

  /** @throws IllegalArgumentException naming the setting and what is expected */
  public EnrollmentConfig {
    requireNonNull(databaseDirectory, "databaseDirectory");
    requireNonNull(host, "host");
    requireNonNull(defaultFleet, "defaultFleet");
    checkPort("estPort", estPort);
    checkPort("httpPort", httpPort);
    if (publicHttpUrl != null && !"http".equals(publicHttpUrl.getScheme())) {
      throw new IllegalArgumentException(
          "publicHttpUrl: \"" + publicHttpUrl + "\" (expected: http://..., RFC 5280, 4.2.1.13)");
    }
    if (deviceCertificateValidity.compareTo(MIN_VALIDITY) < 0) {
      throw new IllegalArgumentException("deviceCertificateValidity: " + deviceCertificateValidity
          + " (expected: at least " + MIN_VALIDITY + ")");
    }
    if (crlInterval.isNegative()
        || crlInterval.isZero()
        || crlInterval.compareTo(crlValidity) >= 0) {
      throw new IllegalArgumentException("crlInterval: " + crlInterval
          + " (expected: more than zero, and less than crlValidity, " + crlValidity + ")");
    }
  }

  private static void checkPort(String name, int port) {
    if (port < 0 || port > 65535) {
      throw new IllegalArgumentException(name + ": " + port + " (expected: 0 to 65535)");
    }
  }
}
