/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment;

import static org.assertj.core.api.Assertions.assertThat;

import dev.muster.enrollment.audit.Actor;
import dev.muster.enrollment.audit.AuditEvent;
import dev.muster.enrollment.audit.AuditTrail.StoredCheckpoint;
import dev.muster.enrollment.authority.CertificateAuthorities;
import dev.muster.enrollment.inventory.Registry;
import dev.muster.enrollment.inventory.StorageConfig;
import dev.muster.testing.MovableClock;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import org.bouncycastle.cms.CMSSignedData;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AuditSealTest {
  /** Whoever has the key of a CA that was lost makes such signers of his own. */
  @Test
  void sign_afterTheServiceCaWasDropped_isUnderTheOneThatFollows(@TempDir Path folder)
      throws Exception {
    MovableClock clock = MovableClock.running();
    CertificateAuthorities.create(folder.resolve("ca"), clock);
    CertificateAuthorities authorities = CertificateAuthorities.open(folder.resolve("ca"));
    List<X509Certificate> signers = new ArrayList<>();
    try (Registry registry = Registry.open(new StorageConfig(folder.resolve("db")))) {
      AuditSeal seal = new AuditSeal(registry, authorities, signers::add, clock);
      sign(seal, registry, clock);
      sign(seal, registry, clock);
      assertThat(signers).hasSize(1);

      authorities.prepare("service", null, clock.instant());
      authorities.compromise("service", clock.instant());
      sign(seal, registry, clock);
      assertThat(signers).hasSize(2);
      assertThat(signers.get(1).getIssuerX500Principal())
          .isEqualTo(authorities.serviceCa().getSubjectX500Principal());
      List<StoredCheckpoint> checkpoints =
          registry.read(tables -> tables.audit().checkpoints(0, 10));
      assertThat(new CMSSignedData(checkpoints.get(2).signed())
              .getSignerInfos()
              .iterator()
              .next()
              .getSID()
              .getSerialNumber())
          .isEqualTo(signers.get(1).getSerialNumber());
    }
  }

  private static void sign(AuditSeal seal, Registry registry, MovableClock clock) {
    registry.commit(tables -> {
      tables.audit().append(AuditEvent.of(Actor.SYSTEM, "thing.done", "thing:1"), clock.instant());
      return tables;
    });
    seal.sign();
  }
}
