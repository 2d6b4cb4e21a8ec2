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
import dev.muster.enrollment.authority.DamagedFileException;
import dev.muster.enrollment.authority.TokenException;
import dev.muster.enrollment.inventory.AuthorityStates.Recorded;
import dev.muster.enrollment.inventory.CertificateRecord;
import dev.muster.enrollment.inventory.CertificateStatus;
import dev.muster.enrollment.inventory.Registry;
import dev.muster.enrollment.issuance.Fingerprint;
import dev.muster.enrollment.issuance.IssuedCertificate;
import dev.muster.enrollment.issuance.RevocationReason;
import dev.muster.enrollment.revocation.CrlPublisher;
import java.io.UncheckedIOException;
import java.net.URI;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Rolls our CAs over. The history beside the keys changes first, in one write; the registry follows
 * it, with the audit of each change, and does so at the next start if a crash came in between. By
 * the registry, processes that share it learn of each other's changes.
 *
 * <p>Thread-safe; blocks.
 */
public final class RollOver {
  private static final Logger LOG = LoggerFactory.getLogger(RollOver.class);

  /** More at once are a defect, or a clock that has jumped; the rest waits for the next round. */
  private static final int MAX_STEPS = 16;

  /** Another process has done something with the CAs that our files do not tell of. */
  private static final class BehindException extends IllegalArgumentException {
    private static final long serialVersionUID = 1;

    BehindException(String problem) {
      super(problem);
    }
  }

  /**
   * Who changes something.
   *
   * @param reason why a CA is dropped; null if none is, or nobody is here any more to tell
   */
  private record Order(Actor actor, @Nullable RevocationReason reason) {
    static final Order UPKEEP = new Order(Actor.SYSTEM, null);
  }

  private final Registry registry;
  private final CertificateAuthorities authorities;
  private final CrlPublisher publisher;
  private final RollOverRules rules;
  private final UnaryOperator<String> crls;
  private final Clock clock;
  private volatile @Nullable String problem;
  /** Whether what was signed too late was looked for, since the states were taken over. */
  private volatile boolean swept;

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

  /**
   * Finds out whether another process has done something with our CAs. If the files tell of it, it
   * holds here, too; else nothing is issued that others would not take, until they do. To be called
   * before anything is signed, and again and again.
   */
  public void look() {
    Map<String, Recorded> recorded =
        registry.read(tables -> tables.authorities().all());
    AuthorityHistory before = history();
    if (isCurrent(recorded)) {
      return;
    }
    reread();
    isCurrent(recorded);
    if (!history().equals(before)) {
      LOG.info("CAs taken over states=\"{}\"", summary(history()));
      sweep();
      publisher.publishDue();
    }
  }

  private void reread() {
    try {
      authorities.reread();
    } catch (DamagedFileException | TokenException | UncheckedIOException e) {
      // They may be on their way; until they are there, what was known before holds.
      LOG.warn("CAs cannot be read again reason=\"{}\"", e.getMessage());
    }
  }

  /** Compares, and has it hold at once. */
  private boolean isCurrent(Map<String, Recorded> recorded) {
    Standing standing = Standing.of(authorities.kept(), recorded);
    @Nullable String found = standing.problem().orElse(null);
    authorities.limit(standing.lost(), standing.mayIssue() ? null : found);
    if (found != null && !found.equals(problem)) {
      LOG.error("CAs differ problem=\"{}\"", found);
    }
    problem = found;
    return standing.isCurrent();
  }

  private static String summary(AuthorityHistory history) {
    return history.all().stream()
        .map(authority -> authority.id() + " " + authority.state().label())
        .collect(Collectors.joining(", "));
  }

  /**
   * What another process has done that is not known here; empty if nothing. Nobody rolls over here
   * meanwhile.
   */
  public Optional<String> problem() {
    return Optional.ofNullable(problem);
  }

  /** Records what has changed while nobody could record it, then does all that is due. */
  public synchronized void run() {
    authorities.tell();
    if (problem != null) {
      return;
    }
    try {
      if (!swept) {
        swept = true;
        sweep();
      }
      if (isBehind(registry.read(tables -> tables.authorities().all()))) {
        change(Order.UPKEEP, tables -> {});
      }
      for (int i = 0; i < MAX_STEPS; i++) {
        if (registry.read(this::due).isEmpty()) {
          return;
        }
        change(Order.UPKEEP, tables -> due(tables).ifPresent(this::take));
      }
    } catch (BehindException e) {
      LOG.debug("Another process was first problem=\"{}\"", e.getMessage());
    }
  }

  private Optional<RollOverStep> due(Registry.Tables tables) {
    return rules.due(history(), id -> tables.certificates().lastEnd(id), clock.instant());
  }

  /**
   * Begins a planned roll-over.
   *
   * @param atOnce without the time in which the new CA becomes known
   * @return the id of the new CA
   * @throws IllegalArgumentException if that cannot be; worded for an operator
   */
  public synchronized String begin(String kind, boolean atOnce, Actor actor) {
    Order order = new Order(actor, null);
    change(order, tables -> {
      if (history().prepared(kind).isEmpty() || !atOnce) {
        take(new RollOverStep.Prepare(kind));
      }
    });
    String id = history().prepared(kind).orElseThrow().id();
    if (atOnce) {
      change(order, tables -> take(new RollOverStep.Activate(id)));
    }
    return id;
  }

  /**
   * Drops an issuing CA whose key is in other hands; what it has signed is revoked. If it is the
   * active one, another takes its place at once.
   *
   * @param reason the operator's, for the audit log
   * @return the id of the CA that issues now
   * @throws IllegalArgumentException if that cannot be; worded for an operator
   */
  public synchronized String compromised(String id, RevocationReason reason, Actor actor) {
    change(new Order(actor, reason), tables -> drop(id));
    return history().active(Authority.kindOf(id)).id();
  }

  private void drop(String id) {
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
  }

  private void take(RollOverStep step) {
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
  }

  private URI crlOfRoot() {
    return URI.create(crls.apply(history().active(AuthorityHistory.ROOT).id()));
  }

  /**
   * Changes the files, and brings the registry to where they are; the difference is what the audit
   * has to tell. All that writes to the registry waits meanwhile, in whatever process: so one alone
   * changes the CAs at a time, and knows what the others have done.
   */
  private void change(Order order, Consumer<Registry.Tables> step) {
    List<Authority> changed = registry.commit(tables -> {
      AuthorityHistory before = history();
      authorities.reread();
      if (!history().equals(before)) {
        swept = false;
      }
      Map<String, Recorded> recorded = tables.authorities().all();
      if (!isCurrent(recorded)) {
        throw new BehindException(String.valueOf(problem));
      }
      step.accept(tables);
      List<Authority> ahead = history().all().stream()
          .filter(authority -> !recordOf(authority).equals(recorded.get(authority.id())))
          .toList();
      ahead.forEach(authority -> record(tables, authority, recorded.get(authority.id()), order));
      return ahead;
    });
    changed.forEach(this::publish);
  }

  private boolean isBehind(Map<String, Recorded> recorded) {
    return history().all().stream()
        .anyMatch(authority -> !recordOf(authority).equals(recorded.get(authority.id())));
  }

  private static Recorded recordOf(Authority authority) {
    return new Recorded(
        authority.state().label(), Fingerprint.of(authority.certificate()).hex());
  }

  private void record(
      Registry.Tables tables, Authority authority, @Nullable Recorded recorded, Order order) {
    Instant now = clock.instant();
    @Nullable String before = recorded == null ? null : recorded.state();
    tables.authorities().put(authority.id(), recordOf(authority), authority.since());
    if (authority.state().label().equals(before)) {
      return; // An older version has recorded it, without its fingerprint.
    }
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
    boolean lost = authority.state() == State.COMPROMISED;
    int revoked = lost ? revokeAll(tables, authority, certificate.serial(), now) : 0;
    tables
        .audit()
        .append(
            AuditEvent.of(order.actor, "ca." + authority.state().label(), "ca:" + authority.id())
                .with("before", before)
                .with("serial", certificate.serial())
                .with(
                    "subject", authority.certificate().getSubjectX500Principal().getName())
                .with("notAfter", authority.notAfter())
                .with("reason", lost && order.reason != null ? order.reason.label() : null)
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

  /** What was signed here by a CA that another process had dropped a moment before. */
  private void sweep() {
    history().all().stream()
        .filter(authority -> authority.state() == State.COMPROMISED)
        .forEach(authority -> registry.<Integer>commit(tables -> {
          Instant now = clock.instant();
          int late = tables
              .certificates()
              .revokeAllOf(authority.id(), RevocationReason.CA_COMPROMISE, now);
          if (late > 0) {
            tables
                .audit()
                .append(
                    AuditEvent.of(Actor.SYSTEM, "ca.compromised", "ca:" + authority.id())
                        .with("before", State.COMPROMISED.label())
                        .with("revoked", late),
                    now);
          }
          return late;
        }));
  }

  private void publish(Authority authority) {
    if (authority.isTrusted() && publisher.current(authority.id()).isEmpty()) {
      publisher.publish(authority.id());
    }
    if (authority.state() == State.COMPROMISED) {
      publisher.publish(authority.parent());
    }
  }
}
