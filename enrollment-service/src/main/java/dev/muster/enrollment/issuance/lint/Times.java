/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.issuance.lint;

import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.Optional;
import org.bouncycastle.asn1.ASN1GeneralizedTime;
import org.bouncycastle.asn1.ASN1Primitive;
import org.bouncycastle.asn1.ASN1UTCTime;

/** Times as RFC 5280, 4.1.2.5 wants them written: UTCTime to 2049, then GeneralizedTime. */
final class Times {
  private static final int FIRST_GENERALIZED_YEAR = 2050;
  private static final int UTC_LENGTH = "YYMMDDHHMMSSZ".length();
  private static final int GENERALIZED_LENGTH = "YYYYMMDDHHMMSSZ".length();
  private static final int UTC_PIVOT = 50;

  private Times() {}

  /** What is wrong with the way the time is written. */
  static Optional<String> fault(ASN1Primitive time) {
    String text = text(time);
    boolean utc = time instanceof ASN1UTCTime;
    if (!utc && !(time instanceof ASN1GeneralizedTime)) {
      return Optional.of("no time (expected: UTCTime or GeneralizedTime)");
    }
    int length = utc ? UTC_LENGTH : GENERALIZED_LENGTH;
    if (text.length() != length || text.charAt(length - 1) != 'Z') {
      return Optional.of(text + " (expected: whole seconds, in Zulu)");
    }
    if (!utc && Integer.parseInt(text, 0, 4, 10) < FIRST_GENERALIZED_YEAR) {
      return Optional.of(text + " as GeneralizedTime (expected: UTCTime through 2049)");
    }
    try {
      read(time);
      return Optional.empty();
    } catch (DateTimeException | NumberFormatException e) {
      return Optional.of(text + " (expected: a date and a time of day)");
    }
  }

  static Instant read(ASN1Primitive time) {
    String text = text(time);
    int at = time instanceof ASN1UTCTime ? 2 : 4;
    int year = Integer.parseInt(text, 0, at, 10);
    if (at == 2) {
      year += year < UTC_PIVOT ? 2000 : 1900;
    }
    return LocalDateTime.of(
            year,
            two(text, at),
            two(text, at + 2),
            two(text, at + 4),
            two(text, at + 6),
            two(text, at + 8))
        .toInstant(ZoneOffset.UTC);
  }

  private static int two(String text, int at) {
    return Integer.parseInt(text, at, at + 2, 10);
  }

  /** The very characters, which BouncyCastle's own getters complete and convert. */
  private static String text(ASN1Primitive time) {
    byte[] encoded = Draft.encodedAsIs(time);
    return new String(encoded, 2, encoded.length - 2, StandardCharsets.US_ASCII);
  }
}
