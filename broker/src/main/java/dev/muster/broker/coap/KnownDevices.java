/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.coap;

import dev.muster.broker.authn.CertificateAuthenticator;
import dev.muster.broker.authn.CertificateAuthenticator.Outcome;
import dev.muster.broker.authn.CertificateAuthenticator.Refusal;
import dev.muster.broker.authz.PolicyFile;
import dev.muster.broker.authz.TopicPolicy;
import dev.muster.broker.revocation.RevocationView;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Judges with each request who sends it, and remembers the answer while nothing has changed on
 * which it rests: the CRLs and CAs, the policy, the time.
 *
 * <p>Thread-safe; does not block.
 */
final class KnownDevices {
  /** More than sessions, which look again and again. */
  private static final int REMEMBERED = 25_000;

  private record Entry(Outcome.Admitted admitted, long epoch) {}

  private final CertificateAuthenticator authenticator;
  private final RevocationView revocations;
  private final Supplier<PolicyFile> policy;
  private final Clock clock;
  private final Map<X509Certificate, Entry> entries = newestOnly();
  /** Those for whom there is no CRL, and in which epoch that was so. */
  private final Map<X509Certificate, Long> waiting = newestOnly();

  private static <V> Map<X509Certificate, V> newestOnly() {
    return new LinkedHashMap<>(16, 0.75f, true) {
      @Override
      protected boolean removeEldestEntry(Map.Entry<X509Certificate, V> eldest) {
        return size() > REMEMBERED;
      }
    };
  }

  KnownDevices(
      CertificateAuthenticator authenticator,
      RevocationView revocations,
      Supplier<PolicyFile> policy,
      Clock clock) {
    this.authenticator = authenticator;
    this.revocations = revocations;
    this.policy = policy;
    this.clock = clock;
  }

  /** @param chain as the client sent it, its key proven */
  Outcome judge(List<X509Certificate> chain) {
    if (chain.isEmpty()) {
      return new Outcome.Refused(Refusal.NOT_AUTHORIZED, "no client certificate");
    }
    Entry known = find(chain.get(0));
    return known != null && holds(known) ? known.admitted() : judgeAnew(chain);
  }

  private boolean holds(Entry known) {
    Outcome.Admitted admitted = known.admitted();
    return known.epoch() == revocations.epoch()
        && revocations.isKnown(admitted.authority())
        && admitted.policy().isOf(policy.get())
        && !clock.instant().isAfter(admitted.certificate().getNotAfter().toInstant());
  }

  private Outcome judgeAnew(List<X509Certificate> chain) {
    // Before the judgement: a CRL that comes meanwhile is to be asked again.
    long epoch = revocations.epoch();
    Outcome outcome = authenticator.authenticate(chain);
    if (outcome instanceof Outcome.Admitted admitted) {
      if (!admitted.subject().isDevice()) {
        return new Outcome.Refused(
            Refusal.NOT_AUTHORIZED, "certificate of a service (expected: a device's)");
      }
      if (admitted.subject().organization() == null) {
        return new Outcome.Refused(
            Refusal.NOT_AUTHORIZED, "certificate without O (expected: the device's fleet)");
      }
      remember(chain.get(0), new Entry(admitted, epoch));
    } else if (outcome instanceof Outcome.Refused refused
        && refused.refusal() == Refusal.UNAVAILABLE) {
      rememberWaiting(chain.get(0), epoch);
    }
    return outcome;
  }

  /**
   * Whether a session has no use any more, whatever becomes of its certificate. To be asked often:
   * who waits for a CRL is judged again when one has come.
   */
  boolean isOver(List<X509Certificate> chain) {
    if (chain.isEmpty() || isWaiting(chain.get(0))) {
      return chain.isEmpty();
    }
    return judge(chain) instanceof Outcome.Refused refused
        && refused.refusal() != Refusal.UNAVAILABLE;
  }

  /**
   * Whether it has to be judged anew what somebody may do who was let in by a policy. To be asked
   * often: verifies nothing.
   */
  boolean hasChanged(X509Certificate certificate, @Nullable TopicPolicy before) {
    if (isWaiting(certificate)) {
      return false;
    }
    Entry known = find(certificate);
    return known == null || !holds(known) || known.admitted().policy() != before;
  }

  private boolean isWaiting(X509Certificate certificate) {
    long epoch = revocations.epoch();
    synchronized (waiting) {
      Long since = waiting.get(certificate);
      return since != null && since == epoch;
    }
  }

  private void rememberWaiting(X509Certificate certificate, long epoch) {
    synchronized (waiting) {
      waiting.put(certificate, epoch);
    }
  }

  private @Nullable Entry find(X509Certificate certificate) {
    synchronized (entries) {
      return entries.get(certificate);
    }
  }

  private void remember(X509Certificate certificate, Entry entry) {
    synchronized (entries) {
      entries.put(certificate, entry);
    }
  }
}
