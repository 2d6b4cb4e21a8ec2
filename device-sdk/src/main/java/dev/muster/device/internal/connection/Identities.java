/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.internal.connection;

import dev.muster.device.EnrollmentRefusedException;
import dev.muster.device.internal.clock.DeviceClock;
import dev.muster.device.internal.est.IssuedCertificate;
import dev.muster.device.internal.est.RenewalAdvice;
import dev.muster.device.internal.identity.Generation;
import dev.muster.device.internal.identity.IdentityStore;
import dev.muster.device.internal.identity.PendingKey;
import dev.muster.device.internal.log.DeviceLogger;
import dev.muster.device.internal.tls.TlsIdentity;
import dev.muster.protocol.identity.RenewalWindow;
import java.io.UncheckedIOException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/**
 * The LDevID in use, and the one that is to follow it once a broker has accepted it. Owned by the
 * owner thread.
 */
final class Identities {
  private static final Logger LOG = DeviceLogger.of(Identities.class);
  private static final int MAX_REFUSALS = 3;

  /** Whether the identity in use may be worth nothing any more. */
  private enum Doubt {
    NONE,
    /** A broker has refused it: the registrar shall say. */
    RAISED,
    /** It was called expired, and nothing proves by whom: the registrar shall say. */
    CALLED_EXPIRED,
    /** The broker says that it has expired, by its clock: the registrar shall say. */
    EXPIRED,
    /** The registrar has said. */
    SETTLED
  }

  private final IdentityStore store;
  private final RandomGenerator random;
  private final DeviceClock clock;

  private @Nullable Generation current;
  private @Nullable Generation candidate;
  private @Nullable TlsIdentity tls;
  private Instant renewAt = Instant.MAX;
  /** In the window in which a fleet renews, from 0 to 1. */
  private double place;

  private boolean preferCurrent;
  private boolean declaredExpired;
  private Doubt doubt = Doubt.NONE;
  private boolean expiryAsked;
  private int refusals;
  private @Nullable PendingKey asked;
  private boolean keyGivenUp;
  /** In use, though the disk does not say so yet. */
  private @Nullable Generation unpromoted;
  /** What the registrar has published, and is not on the disk yet. */
  private List<X509Certificate> unlearnt = List.of();

  Identities(IdentityStore store, RandomGenerator random, DeviceClock clock) {
    this.store = store;
    this.random = random;
    this.clock = clock;
  }

  void load() {
    IdentityStore.Contents contents = store.load();
    candidate = contents.candidate().orElse(null);
    setCurrent(contents.current().orElse(null));
  }

  private void setCurrent(@Nullable Generation generation) {
    current = generation;
    declaredExpired = false;
    doubt = Doubt.NONE;
    expiryAsked = false;
    if (generation != null) {
      clock.raise(generation.credential().newestBeginning());
      place = random.nextDouble();
      renewAt = usualWindow(generation).at(place);
    }
  }

  private static RenewalWindow usualWindow(Generation generation) {
    X509Certificate leaf = generation.credential().leaf();
    return new RenewalWindow(leaf.getNotBefore().toInstant(), leaf.getNotAfter().toInstant());
  }

  /**
   * The registrar would like it to be renewed at another time: this is when, but for the last sixth
   * of its life, which is left for trying again.
   */
  void advise(Generation generation, RenewalAdvice advice) {
    if (generation == current) {
      Instant latest = usualWindow(generation).closes();
      Instant wanted = advice.at(place);
      renewAt = wanted.isBefore(latest) ? wanted : latest;
    }
  }

  /** The identity to connect with next; null if there is none that is valid. */
  @Nullable Generation choose(Instant now) {
    dropExpiredCandidate(now);
    boolean currentUsable = isCurrentUsable(now);
    if (candidate != null && !(preferCurrent && currentUsable)) {
      return candidate;
    }
    return currentUsable ? current : null;
  }

  private boolean isCurrentUsable(Instant now) {
    return current != null
        && !declaredExpired
        && now.isBefore(current.credential().notAfter());
  }

  private void dropExpiredCandidate(Instant now) {
    if (candidate != null && !now.isBefore(candidate.credential().notAfter())) {
      store.discard(candidate.number());
      candidate = null;
    }
  }

  /** TLS as {@code generation}; one context as long as it stays the same. */
  TlsIdentity tlsOf(Generation generation) {
    TlsIdentity made = tls;
    if (made == null || made.credential() != generation.credential()) {
      made = TlsIdentity.of(generation.credential(), store.trust().current(), clock);
      tls = made;
    }
    return made;
  }

  boolean isCandidate(Generation generation) {
    return generation == candidate;
  }

  /** A broker has accepted it: if it was the candidate, it is the one in use from now on. */
  void proven(Generation generation) {
    preferCurrent = false;
    if (isCandidate(generation)) {
      refusals = 0;
      store.promote(generation);
      unpromoted = null;
      candidate = null;
      setCurrent(generation);
    }
  }

  /** A connection with it did not come about; the next attempt takes the other one, if any. */
  void failed(Generation generation, boolean refused) {
    if (generation != candidate) {
      preferCurrent = false;
      return;
    }
    preferCurrent = true;
    if (refused && ++refusals >= MAX_REFUSALS) {
      LOG.warn("New identity given up, no broker accepts it generation={}", generation.number());
      store.discard(generation.number());
      candidate = null;
      refusals = 0;
    }
  }

  /** From now on the next connection tries the candidate again. */
  void retryCandidate() {
    preferCurrent = false;
  }

  /**
   * The broker says that it has expired. That may be so though our clock says otherwise, or the
   * broker's clock is ahead: the registrar is asked, once for each identity, and whatever it has
   * said before.
   */
  void doubtExpired(Generation generation) {
    if (generation == current && !expiryAsked) {
      expiryAsked = true;
      doubt = Doubt.EXPIRED;
    }
  }

  /**
   * A broker does not take its certificate. Once for each identity the registrar is asked to renew
   * it before its time: it knows whether the certificate is worth anything.
   *
   * @param calledExpired if that is the reason; but anybody could have said so
   */
  void doubt(Generation generation, boolean calledExpired) {
    if (generation == current && doubt == Doubt.NONE) {
      doubt = calledExpired ? Doubt.CALLED_EXPIRED : Doubt.RAISED;
    }
  }

  /** The registrar has refused a renewal. */
  void judged(EnrollmentRefusedException refused) {
    // With a cause, it is an alert of TLS, which proves as little as the one that raised the doubt.
    boolean isExpired =
        doubt == Doubt.EXPIRED || doubt == Doubt.CALLED_EXPIRED && refused.getCause() == null;
    doubt = Doubt.SETTLED;
    if (refused.isCertificateUnknown() || isExpired) {
      declaredExpired = true;
    }
  }

  boolean hasCandidate() {
    return candidate != null;
  }

  @Nullable Generation current() {
    return current;
  }

  /** When the one in use is to be renewed; far away if there is none. */
  Instant renewAt() {
    return renewAt;
  }

  boolean isRenewalDue(Instant now) {
    return isCurrentUsable(now)
        && candidate == null
        && (!now.isBefore(renewAt) || (doubt != Doubt.NONE && doubt != Doubt.SETTLED));
  }

  /** The key for the next request. */
  PendingKey pendingKey() {
    PendingKey key = store.pendingKey(current == null ? 0 : current.number());
    asked = key;
    return key;
  }

  /**
   * The registrar does not take the last request. If its key has waited since an earlier start, a
   * certificate may have been issued for it, of which the answer was lost, and may have ended: the
   * key would be refused for good. Once in a start, since it may be something else.
   */
  void requestRefused() {
    PendingKey key = asked;
    if (key != null && key.isOld() && !keyGivenUp) {
      LOG.warn("Key given up, the registrar refuses it generation={}", key.number());
      keyGivenUp = true;
      store.discard(key.number());
    }
  }

  /** A first certificate is here: it is in use at once, for want of another. */
  Generation enrolled(PendingKey key, IssuedCertificate issued) {
    Generation generation = store.save(key, issued.chain(), issued.subject());
    setCurrent(generation);
    promote(generation);
    learn(issued.authorities());
    return generation;
  }

  /** A disk that is full is no reason to ask for another one: its key would pass for a clone's. */
  private void promote(Generation first) {
    try {
      store.promote(first);
      unpromoted = null;
    } catch (UncheckedIOException e) {
      LOG.warn("Identity not noted as the one in use yet reason={}", e.getMessage());
      unpromoted = first;
    }
  }

  /** A renewed certificate is here, and has to prove itself. */
  void renewed(PendingKey key, IssuedCertificate issued) {
    candidate = store.save(key, issued.chain(), issued.subject());
    preferCurrent = false;
    doubt = Doubt.SETTLED;
    learn(issued.authorities());
  }

  /** A disk that is full is no reason not to use the certificate that came with them. */
  private void learn(List<X509Certificate> authorities) {
    try {
      if (store.trust().learn(authorities)) {
        tls = null; // It would go on trusting what was trusted before.
      }
      unlearnt = List.of();
    } catch (UncheckedIOException e) {
      LOG.warn("Trust not learnt yet reason={}", e.getMessage());
      unlearnt = authorities;
    }
  }

  /**
   * Does what a disk that was full has put off: else that would wait for another connection, which
   * may be weeks away, and the certificate in use would end meanwhile.
   *
   * @param online what the broker knows the device by; null if it is not connected
   */
  void catchUp(@Nullable Generation online) {
    if (unpromoted != null) {
      promote(unpromoted);
    }
    if (!unlearnt.isEmpty()) {
      learn(unlearnt);
    }
    if (online != null && online == candidate) {
      proven(online);
    }
  }

  /** How long it took at last to make or to load a key; of any thread. */
  Duration lastKeyOperation() {
    return store.lastKeyOperation();
  }

  void close() {
    store.close();
  }
}
