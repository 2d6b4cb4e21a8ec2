/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.operator;

import dev.muster.enrollment.authority.CertificateAuthorities;
import dev.muster.enrollment.csr.CertificateKeys;
import dev.muster.enrollment.inventory.Manufacturer;
import dev.muster.enrollment.inventory.ManufacturerCa;
import dev.muster.enrollment.issuance.Fingerprint;
import java.security.PublicKey;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Which certificates may become trust anchors of a manufacturer, and under which name. */
final class AnchorChecks {
  private static final int KEY_CERT_SIGN = 5;

  private final CertificateAuthorities authorities;
  private final Clock clock;

  AnchorChecks(CertificateAuthorities authorities, Clock clock) {
    this.authorities = authorities;
    this.clock = clock;
  }

  /** @throws io.vertx.ext.web.handler.HttpException with 400, unless it is a sound CA's */
  void check(X509Certificate ca) {
    boolean @Nullable [] usage = ca.getKeyUsage();
    if (ca.getBasicConstraints() < 0 || usage != null && !usage[KEY_CERT_SIGN]) {
      throw Work.badRequest("ca: not the certificate of a CA (expected: CA:TRUE, keyCertSign)");
    }
    Instant now = clock.instant();
    if (ca.getNotAfter().toInstant().isBefore(now)) {
      throw Work.badRequest("ca: expired at " + ca.getNotAfter().toInstant());
    }
    if (ca.getNotBefore().toInstant().isAfter(now)) {
      throw Work.badRequest("ca: not valid before " + ca.getNotBefore().toInstant());
    }
    CertificateKeys.weakness(ca.getPublicKey()).ifPresent(weakness -> {
      throw Work.badRequest("ca: " + weakness);
    });
    if (authorities.isKey(Fingerprint.of(ca.getPublicKey()))) {
      // Otherwise every LDevID would pass as an IDevID.
      throw Work.badRequest("ca: one of our own (expected: a manufacturer's)");
    }
  }

  /**
   * By key and not by certificate: with one key, either's CA could speak for the other's devices.
   *
   * @throws io.vertx.ext.web.handler.HttpException with 409 if a key is another manufacturer's
   */
  static void checkOwners(List<Manufacturer> all, String name, List<X509Certificate> cas) {
    List<PublicKey> keys = cas.stream().map(X509Certificate::getPublicKey).toList();
    for (Manufacturer other : all) {
      boolean shared = other.cas().stream()
          .map(ManufacturerCa::certificate)
          .anyMatch(ca -> keys.contains(ca.getPublicKey()));
      if (shared && !other.name().equals(name)) {
        throw Work.conflict("ca: its key belongs to manufacturer " + other.name() + " already");
      }
    }
  }

  /** @throws io.vertx.ext.web.handler.HttpException with 409 if device ids could collide */
  static void checkName(List<Manufacturer> all, String name) {
    for (Manufacturer other : all) {
      if (Manufacturer.namesOverlap(name, other.name())) {
        throw Work.conflict("name: \"" + name + "\" and manufacturer " + other.name()
            + " (expected: neither the other plus \"-\" and more, or their devices' ids collide)");
      }
    }
  }
}
