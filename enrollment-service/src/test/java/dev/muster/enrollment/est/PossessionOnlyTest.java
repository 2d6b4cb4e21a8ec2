/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.est;

import static org.assertj.core.api.Assertions.assertThat;

import dev.muster.enrollment.desk.TrustView;
import dev.muster.enrollment.inventory.Registry;
import dev.muster.enrollment.inventory.StorageConfig;
import dev.muster.enrollment.registrar.AdmissionConfig;
import dev.muster.protocol.identity.FleetName;
import dev.muster.testing.TestPki;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PossessionOnlyTest {
  @Test
  void issuersAreNamed_unlessTheyAreTooMany(@TempDir Path folder) {
    try (Registry registry = Registry.open(new StorageConfig(folder))) {
      TrustView trust = new TrustView(
          registry,
          new AdmissionConfig(new FleetName("default"), false, List.of()),
          Clock.systemUTC());
      X509Certificate ca = TestPki.root("CN=" + "x".repeat(60)).certificate();
      assertThat(new PossessionOnly(trust, () -> List.of(ca)).getAcceptedIssuers())
          .containsExactly(ca);
      // About 75 bytes each.
      assertThat(new PossessionOnly(trust, () -> Collections.nCopies(400, ca)).getAcceptedIssuers())
          .hasSize(400);
      assertThat(new PossessionOnly(trust, () -> Collections.nCopies(500, ca)).getAcceptedIssuers())
          .isEmpty();
    }
  }
}
