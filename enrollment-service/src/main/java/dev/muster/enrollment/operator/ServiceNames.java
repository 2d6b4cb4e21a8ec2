/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.operator;

import dev.muster.enrollment.authority.AuthorityHistory;
import dev.muster.enrollment.inventory.CertificateRecord;
import dev.muster.enrollment.inventory.CertificateStatus;
import dev.muster.enrollment.inventory.Registry;
import dev.muster.enrollment.registrar.ReservedNames;
import dev.muster.protocol.identity.DeviceId;
import dev.muster.protocol.identity.DistinguishedName;
import dev.muster.protocol.identity.FleetName;
import java.time.Instant;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Which names a service may still have. Brokers take the CN for the client's id: two clients of one
 * name would throw each other out, and one of them could pass for the other in the log.
 */
final class ServiceNames {

  private final Registry.Tables tables;
  private final AuthorityHistory authorities;

  ServiceNames(Registry.Tables tables, AuthorityHistory authorities) {
    this.tables = tables;
    this.authorities = authorities;
  }

  /** @return what the name would conflict with, for the operator; empty if with nothing */
  Optional<String> conflict(String name, String role, @Nullable FleetName fleet, Instant now) {
    if (ReservedNames.contains(name)) {
      return Optional.of("name: \"" + name + "\" is reserved for our own services");
    }
    if (tables.devices().find(new DeviceId(name)).isPresent()) {
      return Optional.of("name: \"" + name + "\" is the id of a device");
    }
    if (tables.manufacturers().isAnnounced(new DeviceId(name))) {
      return Optional.of("name: \"" + name + "\" is the id of an announced device");
    }
    String fleetName = fleet == null ? "" : fleet.value();
    return authorities.trusted(AuthorityHistory.SERVICE).stream()
        .flatMap(authority -> tables.certificates().ofIssuer(authority.id(), now).stream())
        .filter(record -> isUsable(record))
        .filter(record -> !record.role().equals(role) || !fleetOf(record).equals(fleetName))
        .filter(record -> nameOf(record).equals(name))
        .findFirst()
        .map(record -> "name: \"" + name + "\" is in use with role " + record.role()
            + (fleetOf(record).isEmpty() ? "" : " and fleet " + fleetOf(record))
            + " by certificate "
            + record.serial() + " (expected: another name, or revoke that one first)");
  }

  /** One on hold may come back. */
  private static boolean isUsable(CertificateRecord record) {
    return record.status() != CertificateStatus.REVOKED;
  }

  private static String nameOf(CertificateRecord record) {
    return subject(record).commonName().orElse("");
  }

  private static String fleetOf(CertificateRecord record) {
    return subject(record).organization().orElse("");
  }

  private static DistinguishedName subject(CertificateRecord record) {
    return DistinguishedName.of(record.certificate().getSubjectX500Principal());
  }
}
