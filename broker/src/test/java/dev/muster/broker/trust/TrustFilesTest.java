/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.trust;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.muster.testing.TestPki;
import dev.muster.testing.TestPki.Credential;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TrustFilesTest {
  private static final Credential ROOT = TestPki.root("CN=Root");
  private static final Credential OLD = ROOT.issue("CN=Device CA").ca().build();
  private static final Credential NEW = ROOT.issue("CN=Device CA 2").ca().build();

  @TempDir
  Path folder;

  private static String pem(Credential credential) {
    return TestPki.pem(List.of(credential.certificate()));
  }

  @Test
  void ids_standBeforeEachCertificate_orAreCounted() {
    assertThat(TrustFiles.parse("device", pem(OLD) + pem(NEW)))
        .containsExactly(
            Map.entry("device", OLD.certificate()), Map.entry("device-2", NEW.certificate()));
    assertThat(TrustFiles.parse("device", "# device-7\n" + pem(OLD) + "# device-12\n" + pem(NEW)))
        .containsOnly(
            Map.entry("device-7", OLD.certificate()), Map.entry("device-12", NEW.certificate()));
  }

  @Test
  void ids_ofAnotherKindOrTwice_areRefused() {
    assertThatThrownBy(() -> TrustFiles.parse("device", "# service\n" + pem(OLD)))
        .hasMessage("id: \"service\" (expected: device, device-2 and so on)");
    assertThatThrownBy(
            () -> TrustFiles.parse("device", "# device\n" + pem(OLD) + "# device\n" + pem(NEW)))
        .hasMessage("id: \"device\" twice (expected: one certificate each)");
    assertThatThrownBy(() -> TrustFiles.parse("device", ""))
        .hasMessageStartingWith("no certificate");
  }

  @Test
  void change_isToldOnce_andABrokenFileChangesNothing() throws IOException {
    Path file = folder.resolve("device-ca.pem");
    Files.writeString(file, pem(OLD));
    TrustFiles files = new TrustFiles(Map.of("device", file));
    assertThat(files.read().ids()).containsExactly("device");
    assertThat(files.changed()).isEmpty();
    Files.writeString(file, "half a cert");
    assertThat(files.changed()).isEmpty();
    assertThat(files.problem())
        .hasValueSatisfying(problem -> assertThat(problem).contains("device-ca.pem"));
    Files.writeString(file, pem(OLD) + pem(NEW));
    assertThat(files.changed().orElseThrow().ids()).containsExactly("device", "device-2");
    assertThat(files.problem()).isEmpty();
    assertThat(files.changed()).isEmpty();
  }
}
