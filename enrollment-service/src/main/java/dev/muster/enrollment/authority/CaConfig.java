/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.authority;

import static java.util.Objects.requireNonNull;

import dev.muster.enrollment.issuance.SignatureScheme;
import org.jspecify.annotations.Nullable;

/**
 * What keys our CAs have, and where.
 *
 * @param scheme of the keys that are made from now on
 * @param token where they are; null for encrypted files in the directory of the CAs
 */
public record CaConfig(SignatureScheme scheme, @Nullable Pkcs11Token token) {
  /** P-256 in files: needs nothing to be set up. */
  public static final CaConfig DEFAULT = new CaConfig(SignatureScheme.ECDSA_P256, null);

  public CaConfig {
    requireNonNull(scheme, "scheme");
  }
}
