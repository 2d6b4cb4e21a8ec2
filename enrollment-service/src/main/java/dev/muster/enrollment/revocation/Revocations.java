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
import java.util.ArrayList;
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
     * @param also serial numbers of earlier certificates that went with it
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

  /** Revokes all that a device has, because it is no longer ours. @return how many those were */
  public int retire(DeviceId device) {
    Instant now = clock.instant();
    int count = registry.commit(tables -> {
      List<CertificateRecord> open = tables.certificates().of(device).stream()
          .filter(record -> record.status() != CertificateStatus.REVOKED)
          .filter(record -> record.notAfter().isAfter(now))
          .toList();
      open.forEach(record -> tables
          .certificates()
          .update(
              record.serial(),
              CertificateStatus.REVOKED,
              RevocationReason.CESSATION_OF_OPERATION,
              now));
      return open.size();
    });
    publisher.publish("device");
    return count;
  }

  private record Change(CertificateRecord after, List<String> also, List<String> stillLive) {}

  private Outcome change(
      String serial, CertificateStatus target, @Nullable RevocationReason reason) {
    Optional<CertificateRecord> found =
        registry.read(tables -> tables.certificates().find(serial));
    if (found.isEmpty()) {
      return new Outcome.Unknown();
    }
    Optional<String> obstacle = obstacle(found.get(), target);
    if (obstacle.isPresent()) {
      return new Outcome.Impossible(obstacle.get());
    }
    Change change = registry.commit(tables -> apply(tables, serial, target, reason));
    // Again also when nothing changed: the caller wants to know that it is out.
    PublishedCrl crl = publisher.publish(found.get().issuer());
    LOG.info(
        "Certificate {} serial={} device={} reason={} crlNumber={} also={}",
        target.label(),
        serial,
        found.get().device(),
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
      String serial,
      CertificateStatus target,
      @Nullable RevocationReason reason) {
    Instant now = clock.instant();
    List<String> also = new ArrayList<>();
    Optional<CertificateRecord> step = tables.certificates().find(serial);
    while (step.isPresent()) {
      CertificateRecord record = step.get();
      if (changes(record, target) && record.notAfter().isAfter(now)) {
        tables.certificates().update(record.serial(), target, reason, now);
        if (!record.serial().equals(serial)) {
          also.add(record.serial());
        }
      }
      String before = record.replaces();
      step = before == null ? Optional.empty() : tables.certificates().find(before);
    }
    CertificateRecord after = tables.certificates().find(serial).orElseThrow();
    List<String> stillLive = after.device() == null
        ? List.of()
        : tables.certificates().of(after.device()).stream()
            .filter(record -> record.isLive(now) && target != CertificateStatus.ACTIVE)
            .map(CertificateRecord::serial)
            .toList();
    return new Change(after, also, stillLive);
  }

  private static boolean changes(CertificateRecord record, CertificateStatus target) {
    return record.status() != CertificateStatus.REVOKED && record.status() != target;
  }
}
