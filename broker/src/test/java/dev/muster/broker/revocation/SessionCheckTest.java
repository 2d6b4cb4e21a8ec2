/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.revocation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.muster.broker.DefaultPolicy;
import dev.muster.broker.authz.ClientSubject;
import dev.muster.broker.authz.PolicyFile;
import dev.muster.broker.revocation.SessionCheck.Verdict;
import dev.muster.broker.session.ClientSession;
import dev.muster.broker.session.Sessions;
import dev.muster.broker.trust.IssuingAuthorities;
import dev.muster.testing.TestPki;
import dev.muster.testing.TestPki.Credential;
import java.math.BigInteger;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class SessionCheckTest {
  private static final Credential CA =
      TestPki.root("CN=Root").issue("CN=Device CA").ca().build();

  /** Something happens when it is looked at, once. */
  private static final class EventfulClock extends Clock {
    private Runnable event = () -> {};

    @Override
    public Instant instant() {
      Runnable now = event;
      event = () -> {};
      now.run();
      return Instant.now();
    }

    @Override
    public ZoneId getZone() {
      return ZoneOffset.UTC;
    }

    @Override
    public Clock withZone(ZoneId zone) {
      throw new UnsupportedOperationException();
    }
  }

  @Test
  void certificateOnAListThatComesWhileItIsLookedAt_isNotGoodForAMoment() {
    EventfulClock clock = new EventfulClock();
    RevocationView view = new RevocationView(
        IssuingAuthorities.of(Map.of("device", CA.certificate())), Duration.ZERO, clock);
    SessionCheck check = new SessionCheck(view, Clock.systemUTC());
    BigInteger serial = BigInteger.valueOf(7);
    ClientSession session = session(serial);
    view.offer("device", TestPki.crl(CA, 1, Duration.ofSeconds(-1), List.of()));
    // The old list is found too old; before the next step, another is in force.
    clock.event =
        () -> view.offer("device", TestPki.crl(CA, 2, Duration.ofDays(1), List.of(serial)));
    assertThat(check.check(session)).isEqualTo(Verdict.UNKNOWN);
    assertThat(check.check(session)).isEqualTo(Verdict.REVOKED);
  }

  private static ClientSession session(BigInteger serial) {
    ClientSubject subject = new ClientSubject("device", "d7", "f1", "device");
    PolicyFile policy = PolicyFile.parse("default", DefaultPolicy.yaml());
    return new Sessions()
        .open(
            new ClientSession.Credential(
                subject, "device", serial, Instant.now().plusSeconds(86_400)),
            new ClientSession.Connection(
                "d7", "10.0.0.1", true, 60, new ClientSession.Tls("", ""), Instant.now()),
            ((PolicyFile.Admission.Admitted) policy.admit(subject, "d7")).policy());
  }
}
