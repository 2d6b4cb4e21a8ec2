/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.access;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.muster.app.UserError;
import dev.muster.testing.TestPki;
import dev.muster.testing.TestPki.Credential;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CertificatesOfCaTest {
  private static final Credential CA = TestPki.root("CN=Example Corp CA");
  private static final Credential ANNA = CA.issue("CN=anna, OU=operator, C=DE").build();

  @TempDir
  Path folder;

  private Path crl;
  private CertificatesOfCa certificates;

  @BeforeEach
  void setUp() throws IOException {
    Path ca = folder.resolve("ca.pem");
    crl = folder.resolve("ca.crl");
    Files.writeString(ca, TestPki.pem(List.of(CA.certificate())));
    revoke();
    certificates = new CertificatesOfCa(ca, crl, Clock.systemUTC());
  }

  private void revoke(X509Certificate... revoked) throws IOException {
    Files.writeString(crl, TestPki.crl(CA, List.of(revoked)));
  }

  @Test
  void certificate_ofTheCa_namesItsOperator() {
    assertThat(certificates.find(ANNA.chain()).orElseThrow().operator()).isEqualTo("anna");
    assertThat(certificates.find(List.of(ANNA.certificate(), CA.certificate()))).isPresent();
  }

  @Test
  void certificate_revoked_namesNobody() throws IOException {
    revoke(ANNA.certificate());
    assertThat(certificates.find(ANNA.chain())).isEmpty();
  }

  @Test
  void certificate_withoutACrlThatIsGoodNow_namesNobody() throws IOException {
    Files.write(crl, TestPki.crl(CA, 2, Duration.ofMinutes(-20), List.of()));
    assertThat(certificates.find(ANNA.chain())).as("old").isEmpty();
    Credential other = TestPki.root("CN=Example Corp CA");
    Files.write(crl, TestPki.crl(other, 3, Duration.ofDays(1), List.of()));
    assertThat(certificates.find(ANNA.chain())).as("of another").isEmpty();
    Files.delete(crl);
    assertThat(certificates.find(ANNA.chain())).as("none").isEmpty();
  }

  @Test
  void certificate_thatIsNotAnOperators_namesNobody() {
    for (Credential other : List.of(
        CA.issue("CN=anna, OU=consumer").build(),
        CA.issue("CN=anna").build(),
        CA.issue("CN=anna, OU=operator, OU=operator").build(),
        CA.issue("CN=anna, OU=operator").server("anna").build(),
        CA.issue("CN=anna, OU=operator").withoutUsages().build(),
        CA.issue("CN=anna, OU=operator").ca().build(),
        TestPki.root("CN=Example Corp CA").issue("CN=anna, OU=operator").build(),
        TestPki.selfSigned("CN=anna, OU=operator").build(),
        ANNA.issue("CN=anna, OU=operator").build())) {
      assertThat(certificates.find(other.chain()))
          .as(other.certificate().toString())
          .isEmpty();
    }
    assertThat(certificates.find(List.of())).isEmpty();
  }

  @Test
  void files_thatCannotBeRead_areToldOfAtTheStart() {
    assertThatThrownBy(() -> new CertificatesOfCa(crl, crl, Clock.systemUTC()))
        .isInstanceOf(UserError.class);
    assertThatThrownBy(() -> new CertificatesOfCa(
            folder.resolve("ca.pem"), folder.resolve("none"), Clock.systemUTC()))
        .isInstanceOf(UserError.class);
  }
}
