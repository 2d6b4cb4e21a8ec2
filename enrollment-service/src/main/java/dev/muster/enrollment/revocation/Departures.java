/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.revocation;

import dev.muster.enrollment.audit.Actor;
import dev.muster.enrollment.audit.AuditEvent;
import dev.muster.enrollment.inventory.CertificateRecord;
import dev.muster.enrollment.inventory.CertificateStatus;
import dev.muster.enrollment.inventory.DeviceRecord;
import dev.muster.enrollment.inventory.DeviceStatus;
import dev.muster.enrollment.inventory.NextKey;
import dev.muster.enrollment.inventory.Registry;
import dev.muster.enrollment.inventory.Within;
import dev.muster.enrollment.issuance.RevocationReason;
import dev.muster.protocol.identity.DeviceId;
import dev.muster.protocol.identity.FleetName;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Devices that leave: for good, or for another fleet. Either way all that they have ends, in the
 * transaction in which they leave, so that no renewal comes in between; so do the claim tokens that
 * were made for them: those are in the hands of whoever had the device.
 *
 * <p>Thread-safe; every call blocks.
 */
public final class Departures {
  private static final Logger LOG = LoggerFactory.getLogger(Departures.class);

  private final Registry registry;
  private final CrlPublisher publisher;
  private final Clock clock;
  private final Within within;

  public Departures(Registry registry, CrlPublisher publisher, Clock clock) {
    this(registry, publisher, clock, Within.ALL);
  }

  private Departures(Registry registry, CrlPublisher publisher, Clock clock, Within within) {
    this.registry = registry;
    this.publisher = publisher;
    this.clock = clock;
    this.within = within;
  }

  /** For somebody to whom devices of other fleets are unknown. */
  public Departures within(Within fleets) {
    return new Departures(registry, publisher, clock, fleets);
  }

  /** What became of it. */
  public sealed interface Outcome {
    /** It has left. @param revoked how many certificates ended with that */
    record Left(DeviceRecord device, int revoked) implements Outcome {}

    /** No such device. */
    record Unknown() implements Outcome {}

    /** Not from where it stands. @param detail for the operator */
    record Impossible(String detail) implements Outcome {}
  }

  /** Decommissions: shuts the device out until an operator releases it. */
  public Outcome retire(DeviceId id, Actor by) {
    return leave(id, (tables, device, now) -> retire(tables, device, by, null, now));
  }

  /**
   * As {@link #retire}, within a transaction that is about more, after which CRLs are to be made.
   *
   * @param job which has ordered it
   * @return {@link Outcome.Impossible} if it is retired, and has no certificate, already
   */
  public Outcome retireWithin(Registry.Tables tables, DeviceId id, Actor by, String job) {
    DeviceRecord device = tables.devices().lock(id).orElse(null);
    if (device == null) {
      return new Outcome.Unknown();
    }
    if (device.status() == DeviceStatus.RETIRED && open(tables, id).isEmpty()) {
      return new Outcome.Impossible("device: retired already");
    }
    return retire(tables, device, by, job, clock.instant());
  }

  private static Outcome retire(
      Registry.Tables tables, DeviceRecord device, Actor by, @Nullable String job, Instant now) {
    DeviceId id = device.id();
    tables.devices().update(id, DeviceStatus.RETIRED, NextKey.JUDGED);
    int revoked = revokeAll(tables, id, RevocationReason.CESSATION_OF_OPERATION, now);
    int claims = revokeClaims(tables, device, now);
    tables
        .audit()
        .append(
            AuditEvent.of(by, "device.retired", "device:" + id)
                .with("before", device.status().label())
                .with("revoked", revoked)
                .with("claims", claims == 0 ? null : claims)
                .with("job", job),
            now);
    LOG.info("Device retired device={} revoked={}", id, revoked);
    return new Outcome.Left(tables.devices().find(id).orElseThrow(), revoked);
  }

  /**
   * Hands the device to another fleet. Its certificates name the fleet, so it has to enroll anew
   * with its IDevID.
   *
   * @param approval whether that waits for an operator, rather than being let in at once
   */
  public Outcome transfer(DeviceId id, FleetName to, boolean approval, Actor by) {
    return leave(id, (tables, device, now) -> {
      if (device.fleet().equals(to)) {
        return new Outcome.Impossible("to: it is in fleet " + to + " already");
      }
      if (device.status() == DeviceStatus.RETIRED || device.status() == DeviceStatus.REFUSED) {
        return new Outcome.Impossible(
            "device: " + device.status().label() + " (expected: active or pending; release it)");
      }
      tables.manufacturers().changing();
      tables.devices().transfer(id, to, nextKey(device, approval));
      int revoked = revokeAll(tables, id, RevocationReason.AFFILIATION_CHANGED, now);
      int claims = revokeClaims(tables, device, now);
      DeviceRecord after = tables.devices().find(id).orElseThrow();
      tables
          .audit()
          .append(
              AuditEvent.of(by, "device.transferred", "device:" + id)
                  .with("from", device.fleet())
                  .with("to", to)
                  .with("epoch", after.epoch())
                  .with("approval", approval)
                  .with("revoked", revoked)
                  .with("claims", claims == 0 ? null : claims),
              now);
      LOG.info(
          "Device transferred device={} from={} to={} revoked={}", id, device.fleet(), to, revoked);
      return new Outcome.Left(after, revoked);
    });
  }

  /** Handing on does not let in whom nobody has let in yet. */
  private static NextKey nextKey(DeviceRecord device, boolean approval) {
    if (approval) {
      return NextKey.WAITS;
    }
    if (device.enrolledAt() != null) {
      return NextKey.LET_IN;
    }
    return device.nextKey() == NextKey.WAITS ? NextKey.WAITS : NextKey.JUDGED;
  }

  private interface Step {
    Outcome take(Registry.Tables tables, DeviceRecord device, Instant now);
  }

  private Outcome leave(DeviceId id, Step step) {
    Outcome outcome = registry.commit(tables -> tables
        .devices()
        .lock(id, within)
        .map(device -> step.take(tables, device, clock.instant()))
        .orElseGet(Outcome.Unknown::new));
    if (outcome instanceof Outcome.Left) {
      publisher.publishEach();
    }
    return outcome;
  }

  /** Those that have ended, too: an expired one must not be what a device comes back with. */
  private static int revokeAll(
      Registry.Tables tables, DeviceId id, RevocationReason reason, Instant now) {
    tables.pending().deleteAll(id);
    List<CertificateRecord> open = open(tables, id);
    open.forEach(record ->
        tables.certificates().update(record.serial(), CertificateStatus.REVOKED, reason, now));
    return open.size();
  }

  private static int revokeClaims(Registry.Tables tables, DeviceRecord device, Instant now) {
    return tables.claims().revokeAllFor(device.manufacturer(), device.serial(), now);
  }

  private static List<CertificateRecord> open(Registry.Tables tables, DeviceId id) {
    return tables.certificates().of(id).stream()
        .filter(record -> record.status() != CertificateStatus.REVOKED)
        .toList();
  }
}
