/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.est;

import static org.assertj.core.api.Assertions.assertThat;

import dev.muster.testing.TestPki;
import java.security.cert.X509Certificate;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;

class PossessionOnlyTest {
  @Test
  void issuersAreNamed_unlessTheyAreTooMany() {
    X509Certificate ca = TestPki.root("CN=" + "x".repeat(60)).certificate();
    assertThat(new PossessionOnly(() -> List.of(ca)).getAcceptedIssuers()).containsExactly(ca);
    // About 75 bytes each.
    assertThat(new PossessionOnly(() -> Collections.nCopies(400, ca)).getAcceptedIssuers())
        .hasSize(400);
    assertThat(new PossessionOnly(() -> Collections.nCopies(500, ca)).getAcceptedIssuers())
        .isEmpty();
  }
}
