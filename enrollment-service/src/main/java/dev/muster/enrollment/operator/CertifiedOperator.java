/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.operator;

import dev.muster.enrollment.authority.Authority;
import dev.muster.enrollment.authority.CertificateAuthorities;
import dev.muster.enrollment.inventory.CertificateRecord;
import dev.muster.enrollment.inventory.Registry;
import dev.muster.protocol.identity.DistinguishedName;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.Optional;

/**
 * For whom we have issued a certificate of role {@code operator}.
 *
 * @param name its CN
 * @param since when we first did; a renewal goes on with what it replaces
 */
public record CertifiedOperator(String name, Instant since) {
  /** The role of a certificate by which an operator may show himself. */
  public static final String ROLE = "operator";

  private static final int MAX_RENEWALS = 1_000;

  /**
   * As the registry has it now; empty unless it is ours to the byte, of that role, and good.
   * Blocks.
   *
   * @param shown by somebody who has the key
   */
  public static Optional<CertifiedOperator> find(
      Registry registry, CertificateAuthorities authorities, X509Certificate shown, Instant now) {
    return registry.read(tables -> tables
        .certificates()
        .find(shown)
        .filter(record -> record.role().equals(ROLE) && record.device() == null)
        .filter(
            record -> record.isLive(now) && !now.isBefore(shown.getNotBefore().toInstant()))
        .filter(record -> authorities
            .history()
            .find(record.issuer())
            .filter(Authority::isTrusted)
            .isPresent())
        .flatMap(record -> DistinguishedName.of(shown.getSubjectX500Principal())
            .commonName()
            .map(name -> new CertifiedOperator(name, first(tables, record).issuedAt()))));
  }

  private static CertificateRecord first(Registry.Tables tables, CertificateRecord record) {
    CertificateRecord first = record;
    for (int i = 0; i < MAX_RENEWALS && first.replaces() != null; i++) {
      Optional<CertificateRecord> before = tables.certificates().find(first.replaces());
      if (before.isEmpty()) {
        return first;
      }
      first = before.get();
    }
    return first;
  }
}
