/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.issuance;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import org.bouncycastle.asn1.BERTags;

/**
 * Times as RFC 5280, 4.1.2.5 wants them written. BouncyCastle makes a formatter for each, which
 * costs as much as a signature.
 */
final class X509Times {
  private static final int FIRST_UTC_YEAR = 1950;
  private static final int FIRST_GENERALIZED_YEAR = 2050;
  private static final DateTimeFormatter UTC = DateTimeFormatter.ofPattern("yyMMddHHmmss'Z'");
  private static final DateTimeFormatter GENERALIZED =
      DateTimeFormatter.ofPattern("yyyyMMddHHmmss'Z'");

  private X509Times() {}

  /** To the second, in DER: UTCTime from 1950 through 2049, else GeneralizedTime. */
  static byte[] of(Instant instant) {
    OffsetDateTime time = instant.atOffset(ZoneOffset.UTC);
    return time.getYear() >= FIRST_UTC_YEAR && time.getYear() < FIRST_GENERALIZED_YEAR
        ? time(BERTags.UTC_TIME, UTC.format(time))
        : time(BERTags.GENERALIZED_TIME, GENERALIZED.format(time));
  }

  private static byte[] time(int tag, String text) {
    return Der.of(tag, text.getBytes(StandardCharsets.US_ASCII));
  }
}
