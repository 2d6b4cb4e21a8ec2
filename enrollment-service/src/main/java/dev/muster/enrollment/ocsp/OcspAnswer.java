/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.ocsp;

import io.vertx.core.buffer.Buffer;
import java.io.IOException;
import java.time.Instant;
import java.util.Optional;
import org.bouncycastle.cert.ocsp.OCSPException;
import org.bouncycastle.cert.ocsp.OCSPRespBuilder;
import org.jspecify.annotations.Nullable;

/**
 * An OCSPResponse.
 *
 * @param good the time in which it may be given to others, too; null if it may not
 */
record OcspAnswer(Buffer der, @Nullable Period good) {
  /** From its thisUpdate to its nextUpdate. */
  record Period(Instant thisUpdate, Instant nextUpdate) {}

  static final OcspAnswer MALFORMED = refusal(OCSPRespBuilder.MALFORMED_REQUEST);
  static final OcspAnswer INTERNAL_ERROR = refusal(OCSPRespBuilder.INTERNAL_ERROR);
  static final OcspAnswer TRY_LATER = refusal(OCSPRespBuilder.TRY_LATER);

  /** It is not ours to say (RFC 6960, 2.3; RFC 5019, 2.2.3). */
  static final OcspAnswer UNAUTHORIZED = refusal(OCSPRespBuilder.UNAUTHORIZED);

  /** Without a signature (RFC 6960, 2.3). */
  private static OcspAnswer refusal(int status) {
    try {
      return new OcspAnswer(
          Buffer.buffer(new OCSPRespBuilder().build(status, null).getEncoded()), null);
    } catch (OCSPException | IOException e) {
      throw new IllegalStateException("OCSP answer without an encoding", e);
    }
  }

  Optional<Period> period() {
    return Optional.ofNullable(good);
  }
}
