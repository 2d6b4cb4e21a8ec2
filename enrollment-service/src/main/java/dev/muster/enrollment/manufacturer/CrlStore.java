/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.manufacturer;

import dev.muster.enrollment.audit.Actor;
import dev.muster.enrollment.audit.AuditEvent;
import dev.muster.enrollment.desk.TrustView;
import dev.muster.enrollment.idevid.ManufacturerCrl;
import dev.muster.enrollment.inventory.ManufacturerCa;
import dev.muster.enrollment.inventory.Registry;
import java.time.Clock;
import java.time.Instant;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Keeps the newest CRL of each manufacturer's CA. Thread-safe; blocks. */
public final class CrlStore {
  private static final Logger LOG = LoggerFactory.getLogger(CrlStore.class);

  private final Registry registry;
  private final TrustView trust;
  private final Clock clock;

  public CrlStore(Registry registry, TrustView trust, Clock clock) {
    this.registry = registry;
    this.trust = trust;
    this.clock = clock;
  }

  /**
   * Keeps a CRL, and goes by it from the next request on. One that is no newer than the one at hand
   * changes nothing: an old CRL is no way to make a revoked device good again.
   *
   * @param encoded DER or PEM
   * @throws IllegalArgumentException if it is not a sound CRL of that CA
   */
  public ManufacturerCrl store(
      String manufacturer, ManufacturerCa ca, byte[] encoded, Actor actor) {
    ManufacturerCrl crl = ManufacturerCrl.parse(encoded);
    Instant now = clock.instant();
    crl.flaw(ca.certificate(), now).ifPresent(flaw -> {
      throw new IllegalArgumentException(flaw);
    });
    boolean stored = registry.commit(tables -> {
      tables.manufacturers().changing();
      boolean newer = tables.manufacturers().store(ca.fingerprint(), crl, now);
      if (newer) {
        tables
            .audit()
            .append(
                AuditEvent.of(actor, "manufacturer-crl.stored", "manufacturer:" + manufacturer)
                    .with("ca", ca.fingerprint())
                    .with("thisUpdate", crl.thisUpdate())
                    .with("nextUpdate", crl.nextUpdate().orElse(null))
                    .with("entries", crl.size()),
                now);
      }
      return newer;
    });
    if (stored) {
      trust.refresh();
      LOG.info(
          "Manufacturer CRL stored manufacturer={} ca={} thisUpdate={} entries={}",
          manufacturer,
          ca.fingerprint(),
          crl.thisUpdate(),
          crl.size());
    }
    return crl;
  }
}
