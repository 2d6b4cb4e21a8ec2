/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.session;

import java.time.Instant;
import java.util.List;

/**
 * Sessions behave as they should not, or cannot be judged.
 *
 * @param client of a CRL: the id of the CA, as the subject is the CA's
 * @param certificate serial number, lower-case hexadecimal
 * @param addresses the two, or the one, seen last; of a CRL none
 * @param lastAt equal to {@code raisedAt} when it is new; it stands while it goes on
 * @param times how many take-overs or connections there were since it was raised, and just before
 */
public record SessionAlarm(
    Kind kind,
    String client,
    String subject,
    String certificate,
    List<String> addresses,
    Instant raisedAt,
    Instant lastAt,
    long times) {
  /** What they do. */
  public enum Kind {
    /** They throw each other out: two machines seem to have one key. */
    SESSION,
    /** They are used at two addresses at once: two machines seem to have one key. */
    TWO_PLACES,
    /** They come and go. */
    FLAPPING,
    /** Nobody knows whether they may go on: the CRL of their CA is too old. All of them end. */
    STALE_CRL
  }

  public SessionAlarm {
    addresses = List.copyOf(addresses);
  }

  /** Whether it was raised just now. */
  public boolean isNew() {
    return raisedAt.equals(lastAt);
  }

  /** For people. */
  public String detail() {
    return switch (kind) {
      case SESSION -> times + " take-overs between " + String.join(" and ", addresses);
      case TWO_PLACES -> "one certificate in use at once at " + String.join(" and ", addresses);
      case FLAPPING ->
        times + " connections in quick succession, the last from "
            + String.join(" and ", addresses);
      case STALE_CRL ->
        "the CRL of the " + client
            + " CA is too old: its certificates are refused, and their sessions were ended";
    };
  }
}
