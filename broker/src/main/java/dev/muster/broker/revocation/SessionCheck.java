/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.revocation;

import dev.muster.broker.session.ClientSession;
import dev.muster.broker.session.Disconnector;
import java.time.Clock;
import java.time.Instant;

/**
 * Asks whether the certificate of a session still holds: before each message, in and out, before
 * each subscription, and when the revocations change. Costs three comparisons as long as nothing
 * has changed.
 */
public final class SessionCheck {
  /** What the certificate of a session is worth now. */
  public enum Verdict {
    GOOD("good"),
    REVOKED("certificate revoked"),
    EXPIRED("certificate expired"),
    /** Its CA was rolled over to the end, or compromised. */
    UNTRUSTED("certificate of a CA that is no longer trusted"),
    /** Not the client's fault: we lack a CRL, or have one that is too old. */
    UNKNOWN("revocation state unknown");

    private final String text;

    Verdict(String text) {
      this.text = text;
    }

    /** For the client and the log. */
    public String text() {
      return text;
    }

    /** What the connection ends with: whoever waits for our CRL is to come back. */
    public Disconnector.Reason reason() {
      return this == UNKNOWN ? Disconnector.Reason.SERVER_BUSY : Disconnector.Reason.NOT_AUTHORIZED;
    }
  }

  private final RevocationView revocations;
  private final Clock clock;

  public SessionCheck(RevocationView revocations, Clock clock) {
    this.revocations = revocations;
    this.clock = clock;
  }

  /** Checks a session. Does not block. */
  public Verdict check(ClientSession session) {
    Instant now = clock.instant();
    if (now.isAfter(session.credential().notAfter())) {
      return Verdict.EXPIRED;
    }
    String issuer = session.credential().authority();
    long epoch = revocations.epoch();
    if (epoch != session.checkedEpoch()) {
      RevocationView.Standing standing =
          revocations.standing(issuer, session.credential().serial());
      if (standing == RevocationView.Standing.REVOKED) {
        return Verdict.REVOKED;
      }
      if (standing == RevocationView.Standing.UNTRUSTED) {
        return Verdict.UNTRUSTED;
      }
      if (standing != RevocationView.Standing.GOOD) {
        // Whatever has come meanwhile: this certificate was not looked up in it.
        return Verdict.UNKNOWN;
      }
      session.setCheckedEpoch(epoch);
    }
    return revocations.isKnown(issuer) ? Verdict.GOOD : Verdict.UNKNOWN;
  }
}
