/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.issuance;

import static java.util.Objects.requireNonNull;

import java.security.PublicKey;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A key that is to be certified.
 *
 * @param request the request by which its holder has proven to have it (RFC 2986), in DER as it
 *     came and not to be changed: a CA elsewhere wants that proof too. Null for a key that was made
 *     here, which such a CA cannot certify
 */
public record SubjectKey(PublicKey key, byte @Nullable [] request) {
  public SubjectKey {
    requireNonNull(key, "key");
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof SubjectKey that
        && key.equals(that.key)
        && Arrays.equals(request, that.request);
  }

  @Override
  public int hashCode() {
    return key.hashCode();
  }
}
