/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.registrar;

import dev.muster.enrollment.inventory.ClaimRecord;
import dev.muster.enrollment.registrar.EnrollmentDecision.Refuse;
import java.time.Instant;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The claim token that came with a request.
 *
 * @param token null if none came
 * @param required whether the manufacturer's devices need one besides their IDevID
 */
public record ShownClaim(@Nullable ClaimRecord token, boolean required) {
  /** None came, and none is needed. */
  public static final ShownClaim NONE = new ShownClaim(null, false);

  /**
   * Why the request is not to be looked at any further; empty if the token is good, or absent and
   * not needed. One that came is never ignored.
   */
  Optional<EnrollmentDecision> refusal(EnrollmentRequest.First request, Instant now) {
    if (token == null) {
      return required
          ? refuse("none (expected: over HTTP Basic, besides the IDevID)")
          : Optional.empty();
    }
    boolean meant = token.manufacturer().equals(request.manufacturer().name())
        && (token.serial() == null || token.serial().equals(request.serial()));
    return meant && token.admits(request.csr().keyFingerprint(), now)
        ? Optional.empty()
        : refuse("not valid (expected: one made for this device, unused and in time)");
  }

  /** Whether an operator has named this very device by making the token. */
  boolean announces() {
    return token != null && token.serial() != null;
  }

  private static Optional<EnrollmentDecision> refuse(String detail) {
    return Optional.of(new Refuse(RefusalReason.UNAUTHENTICATED, "claim token: " + detail));
  }
}
