/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.revocation;

import dev.muster.broker.trust.IssuingAuthorities;
import java.math.BigInteger;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The newest CRL of each issuing CA. Where there is none, or only one that is too old, it answers
 * that it does not know, and the certificate must not be taken.
 *
 * <p>Safe for use by several threads; does no I/O.
 */
public final class RevocationView {
  /** How far the clock of the CA may be ahead of ours. */
  private static final Duration CLOCK_SKEW = Duration.ofMinutes(5);

  /** What is known about a certificate. */
  public enum Standing {
    GOOD,
    REVOKED,
    /** No valid CRL of its issuer is at hand. */
    UNKNOWN,
    /** Its issuer is none of our CAs, or not any more. */
    UNTRUSTED
  }

  /** What became of a CRL that was offered. */
  public sealed interface Offer {

    /** It is the newest now. */
    record Applied(BigInteger number) implements Offer {}

    /** It is the one that is in force, or older. @param number the one in force */
    record NotNewer(BigInteger number, BigInteger offered) implements Offer {}

    /** It is not to be trusted. */
    record Refused(String reason) implements Offer {}
  }

  private record State(long epoch, IssuingAuthorities authorities, Map<String, VerifiedCrl> crls) {
    State {
      crls = Map.copyOf(crls);
    }
  }

  private final Duration grace;
  private final Clock clock;
  private volatile State state;

  /**
   * @param authorities whose CRLs are taken, and whose certificates may be good
   * @param grace how long after its nextUpdate a CRL is still used
   */
  public RevocationView(IssuingAuthorities authorities, Duration grace, Clock clock) {
    this.state = new State(0, authorities, Map.of());
    this.grace = grace;
    this.clock = clock;
  }

  /** The CAs whose certificates may be good. */
  public IssuingAuthorities authorities() {
    return state.authorities();
  }

  /** Trusts these CAs from now on, and no others; forgets the CRLs of those that are gone. */
  public synchronized void follow(IssuingAuthorities next) {
    IssuingAuthorities before = state.authorities();
    Map<String, VerifiedCrl> kept = new TreeMap<>(state.crls());
    kept.keySet().removeIf(id -> !next.find(id).equals(before.find(id)));
    state = new State(state.epoch() + 1, next, kept);
  }

  /** Takes a CRL if it is valid and newer than the one in force. */
  public synchronized Offer offer(String issuer, byte[] der) {
    Optional<X509Certificate> authority = state.authorities().find(issuer);
    if (authority.isEmpty()) {
      return new Offer.Refused(
          "issuer: unknown (expected: one of " + state.authorities().ids() + ")");
    }
    VerifiedCrl crl;
    try {
      crl = VerifiedCrl.of(der, authority.get());
    } catch (IllegalArgumentException e) {
      return new Offer.Refused(String.valueOf(e.getMessage()));
    }
    if (crl.thisUpdate().isAfter(clock.instant().plus(CLOCK_SKEW))) {
      return new Offer.Refused("CRL: thisUpdate " + crl.thisUpdate() + " is in the future");
    }
    VerifiedCrl current = state.crls().get(issuer);
    if (current != null && crl.number().compareTo(current.number()) <= 0) {
      return new Offer.NotNewer(current.number(), crl.number());
    }
    Map<String, VerifiedCrl> next = new TreeMap<>(state.crls());
    next.put(issuer, crl);
    state = new State(state.epoch() + 1, state.authorities(), next);
    return new Offer.Applied(crl.number());
  }

  /**
   * Grows with each CRL applied, and with each change of the CAs: a certificate found good in this
   * epoch need not be asked again.
   */
  public long epoch() {
    return state.epoch();
  }

  /** What is known about a certificate now. */
  public Standing standing(String issuer, BigInteger serial) {
    State now = state;
    if (now.authorities().find(issuer).isEmpty()) {
      return Standing.UNTRUSTED;
    }
    VerifiedCrl crl = now.crls().get(issuer);
    if (crl == null) {
      return Standing.UNKNOWN;
    }
    // A certificate once revoked does not become good because the list has grown old.
    if (crl.serials().contains(serial)) {
      return Standing.REVOKED;
    }
    return isUsable(crl) ? Standing.GOOD : Standing.UNKNOWN;
  }

  /** Whether a CRL of the issuer is at hand that is not too old. */
  public boolean isKnown(String issuer) {
    VerifiedCrl crl = state.crls().get(issuer);
    return crl != null && isUsable(crl);
  }

  /** The CAs whose CRL is past its grace; those that have none are not among them. */
  public Set<String> outdated() {
    return state.crls().entrySet().stream()
        .filter(crl -> !isUsable(crl.getValue()))
        .map(Map.Entry::getKey)
        .collect(Collectors.toUnmodifiableSet());
  }

  /** The number of the CRL in force. */
  public Optional<BigInteger> number(String issuer) {
    return Optional.ofNullable(state.crls().get(issuer)).map(VerifiedCrl::number);
  }

  /** What an operator should mend; empty if all is well. */
  public Optional<String> problem() {
    List<String> problems = new ArrayList<>();
    Instant now = clock.instant();
    State known = state;
    for (String issuer : known.authorities().ids()) {
      String problem = problem(issuer, known.crls().get(issuer), now);
      if (problem != null) {
        problems.add(problem);
      }
    }
    return problems.isEmpty() ? Optional.empty() : Optional.of(String.join("; ", problems));
  }

  private @Nullable String problem(String issuer, @Nullable VerifiedCrl crl, Instant now) {
    if (crl == null) {
      return "no CRL of the " + issuer + " CA: its certificates are refused";
    }
    if (!isUsable(crl)) {
      return "CRL of the " + issuer + " CA is too old (nextUpdate " + crl.nextUpdate()
          + "): its certificates are refused";
    }
    return now.isAfter(crl.nextUpdate())
        ? "CRL of the " + issuer + " CA is overdue since " + crl.nextUpdate()
        : null;
  }

  private boolean isUsable(VerifiedCrl crl) {
    return !clock.instant().isAfter(crl.nextUpdate().plus(grace));
  }
}
