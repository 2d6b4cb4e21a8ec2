/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.renewal;

import dev.muster.enrollment.inventory.CertificateRecord;
import dev.muster.enrollment.inventory.DeviceRecord;
import dev.muster.enrollment.inventory.Registry;
import dev.muster.enrollment.inventory.RenewalOrder;
import dev.muster.protocol.est.CertificateId;
import dev.muster.protocol.identity.DeviceId;
import dev.muster.protocol.identity.FleetName;
import dev.muster.protocol.identity.RenewalWindow;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Advises when to renew a certificate. Whoever can name the certificate may ask: its serial number
 * has 128 random bits, and the answer is of no use to anybody else.
 *
 * <p>Thread-safe; blocks on the database.
 */
public final class RenewalInfo {
  private static final Duration MIN_PAUSE = Duration.ofMinutes(1);
  private static final Duration MAX_PAUSE = Duration.ofHours(6);

  /** So that an order reaches a device well before its window would have come anyway. */
  private static final int QUESTIONS_PER_LIFE = 48;

  private final Registry registry;

  public RenewalInfo(Registry registry) {
    this.registry = registry;
  }

  /** @param askAgain after how long the answer may have changed */
  public record Advice(SuggestedWindow window, Duration askAgain) {}

  /** @return empty if there is no such certificate of ours */
  public Optional<Advice> of(CertificateId id) {
    record Found(CertificateRecord certificate, Optional<RenewalOrder> order) {}

    Optional<Found> found = registry.read(tables -> tables
        .certificates()
        .find(id.serial().toString(16))
        .filter(record -> id.isIssuedBy(record.certificate()))
        .map(record -> new Found(
            record, tables.renewalOrders().first(record, fleet(tables, record.device())))));
    return found.map(one -> advice(one.certificate().certificate(), one.order()));
  }

  private static @Nullable FleetName fleet(Registry.Tables tables, @Nullable DeviceId device) {
    return device == null
        ? null
        : tables.devices().find(device).map(DeviceRecord::fleet).orElse(null);
  }

  static Advice advice(X509Certificate certificate, Optional<RenewalOrder> order) {
    RenewalWindow usual = new RenewalWindow(
        certificate.getNotBefore().toInstant(), certificate.getNotAfter().toInstant());
    Duration pause =
        Duration.between(usual.notBefore(), usual.notAfter()).dividedBy(QUESTIONS_PER_LIFE);
    Duration askAgain = pause.compareTo(MIN_PAUSE) < 0
        ? MIN_PAUSE
        : pause.compareTo(MAX_PAUSE) > 0 ? MAX_PAUSE : pause;
    return new Advice(SuggestedWindow.of(usual, order), askAgain);
  }
}
