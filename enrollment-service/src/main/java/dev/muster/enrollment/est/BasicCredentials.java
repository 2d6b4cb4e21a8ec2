/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.est;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.muster.enrollment.desk.ClaimToken;
import java.util.Base64;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Reads the header of HTTP Basic (RFC 7617), whose password is a claim token; the name is free. */
final class BasicCredentials {
  private static final String SCHEME = "Basic ";
  private static final int MAX_LENGTH = 1024;

  private BasicCredentials() {}

  /**
   * @param header the value of {@code Authorization}; null if there is none
   * @throws IllegalArgumentException if it is of another scheme, or malformed; without showing it
   */
  static Optional<ClaimToken> parse(@Nullable String header) {
    if (header == null) {
      return Optional.empty();
    }
    if (header.length() > MAX_LENGTH
        || !header.regionMatches(true, 0, SCHEME, 0, SCHEME.length())) {
      throw malformed();
    }
    String decoded;
    try {
      byte[] bytes =
          Base64.getDecoder().decode(header.substring(SCHEME.length()).strip());
      decoded = new String(bytes, UTF_8);
    } catch (IllegalArgumentException e) {
      throw malformed();
    }
    int colon = decoded.indexOf(':');
    if (colon < 0) {
      throw malformed();
    }
    return Optional.of(ClaimToken.of(decoded.substring(colon + 1)));
  }

  private static IllegalArgumentException malformed() {
    return new IllegalArgumentException(
        "Authorization: cannot be read (expected: Basic, RFC 7617, with a claim token as password)");
  }
}
