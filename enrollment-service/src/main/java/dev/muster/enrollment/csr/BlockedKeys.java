/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.csr;

import dev.muster.enrollment.issuance.Fingerprint;

/** Keys that are known to be compromised, or not to be trusted for other reasons. Thread-safe. */
@FunctionalInterface
public interface BlockedKeys {
  /** Nothing is blocked but what {@link PublishedKeys} knows. */
  BlockedKeys NONE = key -> false;

  /** @param key the SHA-256 of a SubjectPublicKeyInfo */
  boolean contains(Fingerprint key);
}
