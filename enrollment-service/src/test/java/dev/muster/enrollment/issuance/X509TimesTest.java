/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.issuance;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.Date;
import org.bouncycastle.asn1.x509.Time;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Against BouncyCastle's encoding, on either side of where the form changes. */
class X509TimesTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "1949-12-31T23:59:59Z",
        "1950-01-01T00:00:00Z",
        "1970-01-01T00:00:00Z",
        "2026-02-03T04:05:06Z",
        "2049-12-31T23:59:59Z",
        "2050-01-01T00:00:00Z",
        "9999-12-31T23:59:59Z"
      })
  void time_isWrittenAsTheRfcWantsIt(Instant instant) throws Exception {
    assertThat(X509Times.of(instant)).isEqualTo(new Time(Date.from(instant)).getEncoded());
  }
}
