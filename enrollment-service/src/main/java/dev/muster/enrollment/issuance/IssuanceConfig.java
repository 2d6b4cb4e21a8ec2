/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.issuance;

import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * What is issued.
 *
 * @param deviceCertificateValidity of LDevIDs, at least ten seconds
 * @param blockedKeys a file of keys that nobody may have; null for none
 */
public record IssuanceConfig(
    Duration deviceCertificateValidity, @Nullable Path blockedKeys) {
  private static final Duration MIN_VALIDITY = Duration.ofSeconds(10);

  /** @throws IllegalArgumentException naming the setting and what is expected */
  public IssuanceConfig {
    if (deviceCertificateValidity.compareTo(MIN_VALIDITY) < 0) {
      throw new IllegalArgumentException("deviceCertificateValidity: " + deviceCertificateValidity
          + " (expected: at least " + MIN_VALIDITY + ")");
    }
  }
}
