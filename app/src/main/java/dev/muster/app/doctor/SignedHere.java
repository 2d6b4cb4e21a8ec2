/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.doctor;

import java.security.cert.X509Certificate;
import java.time.Instant;

/** The newest that was signed here: a clock that is behind it was set back. */
final class SignedHere {
  private Instant newest = Instant.EPOCH;
  private String what = "";

  void note(String name, X509Certificate certificate) {
    note(name, certificate.getNotBefore().toInstant());
  }

  void note(String name, Instant signed) {
    if (signed.isAfter(newest)) {
      newest = signed;
      what = name;
    }
  }

  Finding against(Instant now) {
    String check = "clock";
    if (what.isEmpty()) {
      return Finding.unknown(check, now + ", and nothing to compare it with");
    }
    return now.isBefore(newest)
        ? Finding.bad(
            check,
            now + " is before " + what + " was signed, " + newest,
            "set the clock of this machine")
        : Finding.good(check, now + ", after all that was signed here");
  }
}
