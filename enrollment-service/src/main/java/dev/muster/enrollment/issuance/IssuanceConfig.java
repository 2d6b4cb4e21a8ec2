/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.issuance;

import java.time.Duration;

/**
 * What is issued.
 *
 * @param deviceCertificateValidity of LDevIDs, at least ten seconds
 */
public record IssuanceConfig(Duration deviceCertificateValidity) {
  private static final Duration MIN_VALIDITY = Duration.ofSeconds(10);

  /** @throws IllegalArgumentException naming the setting and what is expected */
  public IssuanceConfig {
    if (deviceCertificateValidity.compareTo(MIN_VALIDITY) < 0) {
      throw new IllegalArgumentException("deviceCertificateValidity: " + deviceCertificateValidity
          + " (expected: at least " + MIN_VALIDITY + ")");
    }
  }
}
