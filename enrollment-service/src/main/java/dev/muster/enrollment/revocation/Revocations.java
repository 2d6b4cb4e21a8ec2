/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.revocation;

import dev.muster.enrollment.inventory.CertificateRecord;
import dev.muster.enrollment.inventory.CertificateStatus;
import dev.muster.enrollment.inventory.Registry;
import dev.muster.enrollment.issuance.RevocationReason;
import dev.muster.protocol.identity.DeviceId;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
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

  private final Registry registry;
  private final CrlPublisher publisher;
  private final Clock clock;

  public Revocations(Registry registry, CrlPublisher publisher, Clock clock) {
    this.registry = registry;
    this.publisher = publisher;
    this.clock = clock;
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
  public Outcome revoke(String serial, RevocationReason reason) {
    if (reason == RevocationReason.CERTIFICATE_HOLD) {
      return new Outcome.Impossible("reason: certificateHold (expected: hold instead of revoke)");
    }
    return change(serial, CertificateStatus.REVOKED, reason);
  }

  /** Suspends until {@link #unhold}. */
  public Outcome hold(String serial) {
    return change(serial, CertificateStatus.HELD, RevocationReason.CERTIFICATE_HOLD);
  }

  /** Ends a suspension. */
  public Outcome unhold(String serial) {
    return change(serial, CertificateStatus.ACTIVE, null);
  }

  /** What one transaction came to; without a certificate if it must not be. */
  private record Change(
      @Nullable CertificateRecord after,
      @Nullable String obstacle,
      List<String> also,
      List<String> stillLive) {}

  private Outcome change(
      String serial, CertificateStatus target, @Nullable RevocationReason reason) {
    Optional<CertificateRecord> found =
        registry.read(tables -> tables.certificates().find(serial));
    if (found.isEmpty()) {
      return new Outcome.Unknown();
    }
    @Nullable DeviceId device = found.get().device();
    Change change = registry.commit(tables -> {
      // The device before the certificate, as everybody does who changes either.
      if (device != null) {
        tables.devices().lock(device);
      }
      return apply(tables, tables.certificates().lock(serial).orElseThrow(), target, reason);
    });
    if (change.after == null) {
      return new Outcome.Impossible(String.valueOf(change.obstacle));
    }
    // Again also when nothing changed: the caller wants to know that it is out.
    PublishedCrl crl = publisher.publish(found.get().issuer());
    LOG.info(
        "Certificate {} serial={} device={} reason={} crlNumber={} also={}",
        target.label(),
        serial,
        device,
        reason == null ? "none" : reason.label(),
        crl.number(),
        change.also);
    return new Outcome.Published(change.after, crl, change.also, change.stillLive);
  }

  private static Optional<String> obstacle(CertificateRecord record, CertificateStatus target) {
    if (record.status() == CertificateStatus.REVOKED && target != CertificateStatus.REVOKED) {
      return Optional.of("certificate: revoked for good (expected: active or held)");
    }
    return Optional.empty();
  }

  private Change apply(
      Registry.Tables tables,
      CertificateRecord chosen,
      CertificateStatus target,
      @Nullable RevocationReason reason) {
    Optional<String> obstacle = obstacle(chosen, target);
    if (obstacle.isPresent()) {
      return new Change(null, obstacle.get(), List.of(), List.of());
    }
    Instant now = clock.instant();
    List<String> also = new ArrayList<>();
    for (CertificateRecord record : affected(tables, chosen, reason)) {
      if (changes(record, target) && record.notAfter().isAfter(now)) {
        tables.certificates().update(record.serial(), target, reason, now);
        if (!record.serial().equals(chosen.serial())) {
          also.add(record.serial());
        }
      }
    }
    CertificateRecord after = tables.certificates().find(chosen.serial()).orElseThrow();
    List<String> stillLive = after.device() == null
        ? List.of()
        : tables.certificates().of(after.device()).stream()
            .filter(record -> record.isLive(now) && target != CertificateStatus.ACTIVE)
            .map(CertificateRecord::serial)
            .toList();
    return new Change(after, null, also, stillLive);
  }

  /**
   * The certificate, and those it was renewed from. If its key is in other hands, those renewed
   * from it, too: the thief may have been the first to renew.
   */
  private static List<CertificateRecord> affected(
      Registry.Tables tables, CertificateRecord chosen, @Nullable RevocationReason reason) {
    List<CertificateRecord> affected = new ArrayList<>();
    Optional<CertificateRecord> step = Optional.of(chosen);
    while (step.isPresent()) {
      affected.add(step.get());
      String before = step.get().replaces();
      step = before == null ? Optional.empty() : tables.certificates().find(before);
    }
    if (reason == RevocationReason.KEY_COMPROMISE && chosen.device() != null) {
      affected.addAll(renewedFrom(chosen, tables.certificates().of(chosen.device())));
    }
    return affected;
  }

  private static List<CertificateRecord> renewedFrom(
      CertificateRecord first, List<CertificateRecord> all) {
    List<CertificateRecord> found = new ArrayList<>();
    Deque<CertificateRecord> open = new ArrayDeque<>(List.of(first));
    while (!open.isEmpty()) {
      String serial = open.pop().serial();
      all.stream().filter(record -> serial.equals(record.replaces())).forEach(record -> {
        found.add(record);
        open.push(record);
      });
    }
    return found;
  }

  private static boolean changes(CertificateRecord record, CertificateStatus target) {
    return record.status() != CertificateStatus.REVOKED && record.status() != target;
  }
}
