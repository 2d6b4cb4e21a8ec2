/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.revocation;

import dev.muster.broker.session.SessionAlarm;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;

/**
 * Raises an alarm when the CRL of a CA has become too old to be used: one, until a newer CRL comes.
 * For one thread.
 */
final class StaleCrlWatch {
  /** As much as is kept of a subject. */
  private static final int SUBJECT_CHARACTERS = 200;

  private final RevocationView view;
  private final Consumer<SessionAlarm> alarms;
  private final Clock clock;
  private final Set<String> raised = new HashSet<>();

  StaleCrlWatch(RevocationView view, Consumer<SessionAlarm> alarms, Clock clock) {
    this.view = view;
    this.alarms = alarms;
    this.clock = clock;
  }

  void look() {
    Set<String> outdated = view.outdated();
    raised.retainAll(outdated);
    outdated.stream().filter(raised::add).forEach(this::raise);
  }

  private void raise(String issuer) {
    X509Certificate authority = view.authorities().find(issuer).orElseThrow();
    String subject = authority.getSubjectX500Principal().getName();
    Instant now = clock.instant();
    alarms.accept(new SessionAlarm(
        SessionAlarm.Kind.STALE_CRL,
        issuer,
        subject.substring(0, Math.min(subject.length(), SUBJECT_CHARACTERS)),
        authority.getSerialNumber().toString(16),
        List.of(),
        now,
        now,
        1));
  }
}
