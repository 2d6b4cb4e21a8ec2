/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.revocation;

import dev.muster.enrollment.audit.Actor;
import dev.muster.enrollment.audit.AuditEvent;
import dev.muster.enrollment.authority.Authority;
import dev.muster.enrollment.inventory.CertificateRecord;
import dev.muster.enrollment.inventory.CertificateStatus;
import dev.muster.enrollment.inventory.ManufacturerPolicy;
import dev.muster.enrollment.inventory.Registry;
import dev.muster.enrollment.inventory.Within;
import dev.muster.enrollment.issuance.RevocationReason;
import dev.muster.protocol.identity.DeviceId;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes certificates back, for good or for a while, and has that published at once. A certificate
 * goes together with those it was renewed from: with one of them the device would just carry on.
 *
 * <p>Thread-safe; blocks.
 */
public final class Revocations {
  private static final Logger LOG = LoggerFactory.getLogger(Revocations.class);

  /** Our CAs' own certificates stand in the registry, too. */
  private static final String CA_ROLE = "ca";

  private final Registry registry;
  private final CrlPublisher publisher;
  private final Clock clock;
  private final Within within;

  public Revocations(Registry registry, CrlPublisher publisher, Clock clock) {
    this(registry, publisher, clock, Within.ALL);
  }

  private Revocations(Registry registry, CrlPublisher publisher, Clock clock, Within within) {
    this.registry = registry;
    this.publisher = publisher;
    this.clock = clock;
    this.within = within;
  }

  /** For somebody to whom all but the certificates of these fleets' devices are unknown. */
  public Revocations within(Within fleets) {
    return new Revocations(registry, publisher, clock, fleets);
  }

  /** What became of it. */
  public sealed interface Outcome {
    /**
     * Published.
     *
     * @param also serial numbers of earlier certificates that went with it, and of those renewed
     *     from it if its key is compromised
     * @param stillLive serial numbers with which its device can carry on
     */
    record Published(
        CertificateRecord certificate, PublishedCrl crl, List<String> also, List<String> stillLive)
        implements Outcome {
      public Published {
        also = List.copyOf(also);
        stillLive = List.copyOf(stillLive);
      }
    }

    /** No such certificate. */
    record Unknown() implements Outcome {}

    /** Not from where it stands. @param detail for the operator */
    record Impossible(String detail) implements Outcome {}
  }

  /** Revokes for good; revoking twice changes nothing. */
  public Outcome revoke(Actor actor, String serial, RevocationReason reason) {
    return revoke(actor, serial, reason, null);
  }

  /**
   * As {@link #revoke(Actor, String, RevocationReason)}.
   *
   * @param since when the key may first have been in other hands (RFC 5280, 5.3.2); null if nobody
   *     knows
   */
  public Outcome revoke(
      Actor actor, String serial, RevocationReason reason, @Nullable Instant since) {
    if (reason == RevocationReason.CERTIFICATE_HOLD) {
      return new Outcome.Impossible("reason: certificateHold (expected: hold instead of revoke)");
    }
    if (reason == RevocationReason.CA_COMPROMISE) {
      return new Outcome.Impossible(
          "reason: cACompromise (expected: authorities roll-over --emergency, for the CA itself)");
    }
    if (since != null && reason != RevocationReason.KEY_COMPROMISE) {
      return new Outcome.Impossible(
          "since: goes with keyCompromise alone (found: " + reason.label() + ")");
    }
    if (since != null && since.isAfter(clock.instant())) {
      return new Outcome.Impossible("since: " + since + " (expected: not in the future)");
    }
    return change(serial, new Wish(actor, CertificateStatus.REVOKED, reason, since));
  }

  /** Suspends until {@link #unhold}. */
  public Outcome hold(Actor actor, String serial) {
    return change(
        serial, new Wish(actor, CertificateStatus.HELD, RevocationReason.CERTIFICATE_HOLD, null));
  }

  /** Ends a suspension. */
  public Outcome unhold(Actor actor, String serial) {
    return change(serial, new Wish(actor, CertificateStatus.ACTIVE, null, null));
  }

  /**
   * Revokes all certificates of a device that are of use, within a transaction that is about more
   * and has locked the device, after which CRLs are to be made.
   *
   * @param job which has ordered it
   * @return the serial numbers
   */
  public List<String> revokeAll(
      Registry.Tables tables, DeviceId device, RevocationReason reason, Actor actor, String job) {
    Wish wish = new Wish(actor, CertificateStatus.REVOKED, reason, null, job);
    Instant now = clock.instant();
    List<String> revoked = new ArrayList<>();
    // Those that one was renewed from are the device's, too, and have their own turn.
    for (CertificateRecord record : tables.certificates().of(device)) {
      if (changes(record, wish.target) && isOfUse(record, now)) {
        tables.certificates().update(record.serial(), wish.target, reason, now, null);
        tables.audit().append(event(record, wish, List.of()), now);
        revoked.add(record.serial());
      }
    }
    return revoked;
  }

  /** What shall become of a certificate. */
  private record Wish(
      Actor actor,
      CertificateStatus target,
      @Nullable RevocationReason reason,
      @Nullable Instant since,
      @Nullable String job) {
    Wish(
        Actor actor,
        CertificateStatus target,
        @Nullable RevocationReason reason,
        @Nullable Instant since) {
      this(actor, target, reason, since, null);
    }

    String action() {
      return switch (target) {
        case REVOKED -> "certificate.revoked";
        case HELD -> "certificate.held";
        case ACTIVE -> "certificate.released";
      };
    }
  }

  /** What one transaction came to; without a certificate if it must not be. */
  private record Change(
      @Nullable CertificateRecord after,
      @Nullable String obstacle,
      Set<String> issuers,
      List<String> also,
      List<String> stillLive) {}

  private Outcome change(String serial, Wish wish) {
    Optional<CertificateRecord> found =
        registry.read(tables -> tables.certificates().find(serial));
    if (found.isEmpty() || found.get().device() == null && !within.isAll()) {
      return new Outcome.Unknown();
    }
    @Nullable DeviceId device = found.get().device();
    @Nullable Change change = registry.commit(tables -> {
      // The device before the certificate, as everybody does who changes either.
      if (device != null && tables.devices().lock(device, within).isEmpty()) {
        return null;
      }
      return apply(tables, tables.certificates().lock(serial).orElseThrow(), wish);
    });
    if (change == null) {
      return new Outcome.Unknown();
    }
    if (change.after == null) {
      return new Outcome.Impossible(String.valueOf(change.obstacle));
    }
    // Again also when nothing changed: the caller wants to know that it is out.
    PublishedCrl crl = publish(found.get().issuer());
    change.issuers.stream()
        .filter(issuer -> !issuer.equals(crl.issuer()))
        .forEach(publisher::publish);
    LOG.info(
        "Certificate {} serial={} device={} reason={} crlNumber={} also={}",
        wish.target.label(),
        serial,
        device,
        wish.reason == null ? "none" : wish.reason.label(),
        crl.number(),
        change.also);
    return new Outcome.Published(change.after, crl, change.also, change.stillLive);
  }

  /** Who has ended makes none any more, nor has it anything to name; then another of its kind. */
  private PublishedCrl publish(String issuer) {
    return publisher.publish(issuer).or(() -> publishInPlaceOf(issuer)).orElseThrow();
  }

  private Optional<PublishedCrl> publishInPlaceOf(String issuer) {
    return publisher.issuers().stream()
        .filter(other -> Authority.kindOf(other).equals(Authority.kindOf(issuer)))
        .map(publisher::publish)
        .flatMap(Optional::stream)
        .findFirst();
  }

  private Optional<String> notFromHere(CertificateRecord record) {
    if (record.role().equals(CA_ROLE)) {
      return Optional.of("certificate: that of a CA (expected: authorities roll-over --emergency)");
    }
    boolean ended = !record.notAfter().isAfter(clock.instant());
    return ended || publisher.issuers().contains(record.issuer())
        ? Optional.empty()
        : Optional.of("certificate: of CA " + record.issuer()
            + ", which is no longer trusted, nor is anything that it has issued");
  }

  private static Optional<String> obstacle(CertificateRecord record, CertificateStatus target) {
    if (record.status() == CertificateStatus.REVOKED && target != CertificateStatus.REVOKED) {
      return Optional.of("certificate: revoked for good (expected: active or held)");
    }
    return Optional.empty();
  }

  private Change apply(Registry.Tables tables, CertificateRecord chosen, Wish wish) {
    Optional<String> obstacle = notFromHere(chosen).or(() -> obstacle(chosen, wish.target));
    if (obstacle.isPresent()) {
      return new Change(null, obstacle.get(), Set.of(), List.of(), List.of());
    }
    Instant now = clock.instant();
    List<CertificateRecord> changed = affected(tables, chosen, wish.reason).stream()
        .filter(record -> changes(record, wish.target))
        .filter(record -> record.serial().equals(chosen.serial())
            || isOfUse(record, now) && isOfTheSame(record, chosen, wish))
        .toList();
    changed.forEach(record ->
        tables.certificates().update(record.serial(), wish.target, wish.reason, now, wish.since));
    List<String> also = changed.stream()
        .map(CertificateRecord::serial)
        .filter(serial -> !serial.equals(chosen.serial()))
        .toList();
    CertificateRecord after = tables.certificates().find(chosen.serial()).orElseThrow();
    List<String> stillLive = wish.target == CertificateStatus.ACTIVE
        ? List.of()
        : ofTheSameHolder(tables, after).stream()
            .filter(record -> record.isLive(now))
            .map(CertificateRecord::serial)
            .toList();
    if (!changed.isEmpty()) {
      tables.audit().append(event(chosen, wish, also), now);
    }
    Set<String> issuers =
        changed.stream().map(CertificateRecord::issuer).collect(Collectors.toSet());
    return new Change(after, null, issuers, also, stillLive);
  }

  private static AuditEvent event(CertificateRecord chosen, Wish wish, List<String> also) {
    String object =
        chosen.device() == null ? "certificate:" + chosen.serial() : "device:" + chosen.device();
    return AuditEvent.of(wish.actor, wish.action(), object)
        .with("serial", chosen.serial())
        .with("before", chosen.status().label())
        .with("reason", wish.reason == null ? null : wish.reason.label())
        .with("since", wish.since)
        .with("job", wish.job)
        .with("also", also.isEmpty() ? null : also);
  }

  /**
   * The certificate, and those it was renewed from. If its key is in other hands, those renewed
   * from it, too: the thief may have been the first to renew.
   */
  private static List<CertificateRecord> affected(
      Registry.Tables tables, CertificateRecord chosen, @Nullable RevocationReason reason) {
    List<CertificateRecord> affected = predecessors(tables, chosen);
    if (reason == RevocationReason.KEY_COMPROMISE) {
      affected.addAll(successors(tables, chosen));
    }
    return affected;
  }

  /** The certificate, and those it was renewed from, back to the first. */
  private static List<CertificateRecord> predecessors(
      Registry.Tables tables, CertificateRecord last) {
    List<CertificateRecord> found = new ArrayList<>();
    Optional<CertificateRecord> step = Optional.of(last);
    while (step.isPresent()) {
      found.add(step.get());
      String before = step.get().replaces();
      step = before == null ? Optional.empty() : tables.certificates().find(before);
    }
    return found;
  }

  /** Whichever were renewed from it, by whatever CA. */
  private static List<CertificateRecord> successors(
      Registry.Tables tables, CertificateRecord first) {
    List<CertificateRecord> ofDevice =
        first.device() == null ? List.of() : tables.certificates().of(first.device());
    List<CertificateRecord> found = new ArrayList<>();
    Deque<CertificateRecord> open = new ArrayDeque<>(List.of(first));
    while (!open.isEmpty()) {
      String serial = open.pop().serial();
      List<CertificateRecord> next = first.device() == null
          ? tables.certificates().renewedFrom(serial)
          : ofDevice.stream().filter(record -> serial.equals(record.replaces())).toList();
      found.addAll(next);
      next.forEach(open::push);
    }
    return found;
  }

  /** All of a device; of a program, which has no other name, all of its line. */
  private static List<CertificateRecord> ofTheSameHolder(
      Registry.Tables tables, CertificateRecord one) {
    if (one.device() != null) {
      return tables.certificates().of(one.device());
    }
    List<CertificateRecord> line = predecessors(tables, one);
    CertificateRecord first = line.get(line.size() - 1);
    return Stream.concat(Stream.of(first), successors(tables, first).stream()).toList();
  }

  /**
   * Whether its holder may come with it, now or when its manufacturer's terms have changed. One
   * that has ended is on no CRL, or on one (RFC 5280, 3.3): it is taken back for the registrar's
   * sake.
   */
  private static boolean isOfUse(CertificateRecord record, Instant now) {
    return !now.isAfter(record.notAfter().plus(ManufacturerPolicy.MAX_GRACE));
  }

  /**
   * A hold ends for those for which it began: some may have been on hold before, for themselves.
   */
  private static boolean isOfTheSame(
      CertificateRecord record, CertificateRecord chosen, Wish wish) {
    return wish.target != CertificateStatus.ACTIVE
        || Objects.equals(record.revokedAt(), chosen.revokedAt());
  }

  private static boolean changes(CertificateRecord record, CertificateStatus target) {
    return record.status() != CertificateStatus.REVOKED && record.status() != target;
  }
}
