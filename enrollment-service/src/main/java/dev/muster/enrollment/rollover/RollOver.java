/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.rollover;

import dev.muster.enrollment.audit.Actor;
import dev.muster.enrollment.audit.AuditEvent;
import dev.muster.enrollment.authority.Authority;
import dev.muster.enrollment.authority.Authority.State;
import dev.muster.enrollment.authority.AuthorityHistory;
import dev.muster.enrollment.authority.CertificateAuthorities;
import dev.muster.enrollment.inventory.CertificateRecord;
import dev.muster.enrollment.inventory.CertificateStatus;
import dev.muster.enrollment.inventory.Registry;
import dev.muster.enrollment.issuance.IssuedCertificate;
import dev.muster.enrollment.issuance.RevocationReason;
import dev.muster.enrollment.revocation.CrlPublisher;
import java.net.URI;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Rolls our CAs over. The history beside the keys changes first, in one write; the registry follows
 * it, with the audit of each change, and does so at the next start if a crash came in between.
 *
 * <p>Thread-safe; blocks.
 */
public final class RollOver {
  private static final Logger LOG = LoggerFactory.getLogger(RollOver.class);

  /** More at once are a defect, or a clock that has jumped; the rest waits for the next round. */
  private static final int MAX_STEPS = 16;

  private final Registry registry;
  private final CertificateAuthorities authorities;
  private final CrlPublisher publisher;
  private final RollOverRules rules;
  private final UnaryOperator<String> crls;
  private final Clock clock;

  /**
   * @param deviceCertificateValidity of LDevIDs, the longest
   * @param crls where the CRL of a CA is to be had, by its id
   */
  public RollOver(
      Registry registry,
      CertificateAuthorities authorities,
      CrlPublisher publisher,
      RollOverConfig config,
      Duration deviceCertificateValidity,
      UnaryOperator<String> crls,
      Clock clock) {
    this.registry = registry;
    this.authorities = authorities;
    this.publisher = publisher;
    this.rules = new RollOverRules(
        config,
        Map.of(
            AuthorityHistory.ROOT, CertificateAuthorities.ISSUING_VALIDITY,
            AuthorityHistory.DEVICE, deviceCertificateValidity,
            AuthorityHistory.SERVICE, CertificateAuthorities.SERVICE_VALIDITY));
    this.crls = crls;
    this.clock = clock;
  }

  /** All CAs, with their states. */
  public AuthorityHistory history() {
    return authorities.history();
  }

  /** When a prepared CA will be taken into use. */
  public Instant activationOf(Authority prepared) {
    return prepared.since().plus(rules.leadTime(prepared.kind()));
  }

  /** Records what has changed while nobody could record it, then does all that is due. */
  public synchronized void run() {
    authorities.tell();
    record(Actor.SYSTEM);
    for (int i = 0; i < MAX_STEPS; i++) {
      Optional<RollOverStep> step = rules.due(history(), this::lastEnd, clock.instant());
      if (step.isEmpty()) {
        return;
      }
      take(step.get(), Actor.SYSTEM);
    }
  }

  private Optional<Instant> lastEnd(String id) {
    return registry.read(tables -> tables.certificates().lastEnd(id));
  }

  /**
   * Begins a planned roll-over.
   *
   * @param atOnce without the time in which the new CA becomes known
   * @return the id of the new CA
   * @throws IllegalArgumentException if that cannot be; worded for an operator
   */
  public synchronized String begin(String kind, boolean atOnce, Actor actor) {
    Optional<Authority> prepared = history().prepared(kind);
    if (prepared.isEmpty() || !atOnce) {
      take(new RollOverStep.Prepare(kind), actor);
    }
    String id = history().prepared(kind).orElseThrow().id();
    if (atOnce) {
      take(new RollOverStep.Activate(id), actor);
    }
    return id;
  }

  /**
   * Drops an issuing CA whose key is in other hands; what it has signed is revoked. If it is the
   * active one, another takes its place at once.
   *
   * @return the id of the CA that issues now
   * @throws IllegalArgumentException if that cannot be; worded for an operator
   */
  public synchronized String compromised(String id, Actor actor) {
    Authority lost = history()
        .find(id)
        .orElseThrow(() -> new IllegalArgumentException("authority: no \"" + id + "\""));
    if (lost.isRoot()) {
      throw new IllegalArgumentException("authority " + id
          + ": a root (expected: an issuing CA; for a root see docs/roll-over.md)");
    }
    if (lost.state() == State.ACTIVE && history().prepared(lost.kind()).isEmpty()) {
      authorities.prepare(lost.kind(), crlOfRoot(), clock.instant());
    }
    authorities.compromise(id, clock.instant());
    record(actor);
    return history().active(lost.kind()).id();
  }

  private void take(RollOverStep step, Actor actor) {
    Instant now = clock.instant();
    if (step instanceof RollOverStep.Prepare prepare) {
      authorities.prepare(prepare.kind(), crlOfRoot(), now);
    } else if (step instanceof RollOverStep.Activate activate) {
      authorities.activate(activate.id(), now);
    } else if (step instanceof RollOverStep.End end) {
      authorities.end(end.id(), now);
    } else {
      throw new IllegalStateException("unknown step: " + step);
    }
    record(actor);
  }

  private URI crlOfRoot() {
    return URI.create(crls.apply(history().active(AuthorityHistory.ROOT).id()));
  }

  /** Brings the registry to where the history is; the difference is what the audit has to tell. */
  private void record(Actor actor) {
    Map<String, String> recorded = registry.read(tables -> tables.authorities().all());
    List<Authority> changed = history().all().stream()
        .filter(authority -> !authority.state().label().equals(recorded.get(authority.id())))
        .toList();
    if (changed.isEmpty()) {
      return;
    }
    registry.commit(tables -> {
      changed.forEach(authority -> record(tables, authority, recorded.get(authority.id()), actor));
      return changed;
    });
    changed.forEach(this::publish);
  }

  private void record(
      Registry.Tables tables, Authority authority, @Nullable String before, Actor actor) {
    Instant now = clock.instant();
    tables.authorities().put(authority.id(), authority.state().label(), authority.since());
    CertificateRecord certificate = CertificateRecord.issued(
        authority.parent(),
        "ca",
        null,
        null,
        authority.since(),
        IssuedCertificate.of(authority.certificate()));
    if (!authority.isRoot() && tables.certificates().find(certificate.serial()).isEmpty()) {
      tables.certificates().insert(certificate);
    }
    int revoked = authority.state() == State.COMPROMISED
        ? revokeAll(tables, authority, certificate.serial(), now)
        : 0;
    tables
        .audit()
        .append(
            AuditEvent.of(actor, "ca." + authority.state().label(), "ca:" + authority.id())
                .with("before", before)
                .with("serial", certificate.serial())
                .with(
                    "subject", authority.certificate().getSubjectX500Principal().getName())
                .with("notAfter", authority.notAfter())
                .with("revoked", revoked == 0 ? null : revoked),
            now);
    LOG.info(
        "CA {} id={} before={} notAfter={} revoked={}",
        authority.state().label(),
        authority.id(),
        before,
        authority.notAfter(),
        revoked);
  }

  private static int revokeAll(
      Registry.Tables tables, Authority authority, String serial, Instant now) {
    tables
        .certificates()
        .update(serial, CertificateStatus.REVOKED, RevocationReason.CA_COMPROMISE, now);
    return tables.certificates().revokeAllOf(authority.id(), RevocationReason.CA_COMPROMISE, now);
  }

  private void publish(Authority authority) {
    if (authority.isTrusted() && publisher.current(authority.id()).isEmpty()) {
      publisher.publish(authority.id());
    }
    if (authority.state() == State.COMPROMISED
        && publisher.issuers().contains(authority.parent())) {
      publisher.publish(authority.parent());
    }
  }
}
