/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.issuance;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import org.bouncycastle.asn1.ASN1Primitive;
import org.bouncycastle.asn1.BERTags;
import org.bouncycastle.asn1.x509.Time;

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

  /** To the second: UTCTime from 1950 through 2049, else GeneralizedTime. */
  static Time of(Instant instant) {
    OffsetDateTime time = instant.atOffset(ZoneOffset.UTC);
    return time.getYear() >= FIRST_UTC_YEAR && time.getYear() < FIRST_GENERALIZED_YEAR
        ? time(BERTags.UTC_TIME, UTC.format(time))
        : time(BERTags.GENERALIZED_TIME, GENERALIZED.format(time));
  }

  private static Time time(int tag, String text) {
    try {
      return new Time(
          ASN1Primitive.fromByteArray(Der.of(tag, text.getBytes(StandardCharsets.US_ASCII))));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
