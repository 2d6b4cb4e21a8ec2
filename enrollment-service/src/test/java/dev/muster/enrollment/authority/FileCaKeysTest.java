/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.authority;

import static org.assertj.core.api.Assertions.assertThat;

import dev.muster.enrollment.issuance.SignatureScheme;
import dev.muster.enrollment.issuance.SigningKey;
import dev.muster.enrollment.issuance.SigningKeyContract;
import dev.muster.testing.PeerProgram;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Clock;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileCaKeysTest extends SigningKeyContract {
  private final FileCaKeys keys = FileCaKeys.fresh(new SecureRandom());

  @Override
  protected SigningKey newKey(SignatureScheme scheme) {
    return keys.generate(scheme).key();
  }

  /** As openssl sees it: PBES2 with AES-256, and no other password opens it. */
  @Test
  void keysInFiles_areUnderAes256_andItsPassword(@TempDir Path folder) {
    CertificateAuthorities.create(folder.resolve("ca"), Clock.systemUTC());
    PeerProgram openssl = PeerProgram.require("openssl");
    for (String name : List.of("root", "device", "service")) {
      String file = "ca/" + name + ".p12";
      PeerProgram.Result opened = openssl.run(
          folder, "pkcs12", "-info", "-noout", "-in", file, "-passin", "file:ca/password");
      assertThat(opened.expectSuccess().output())
          .contains("Shrouded Keybag: PBES2, PBKDF2, AES-256-CBC");
      PeerProgram.Result guessed =
          openssl.run(folder, "pkcs12", "-noout", "-in", file, "-passin", "pass:" + name);
      assertThat(guessed.exitCode()).isNotZero();
      assertThat(guessed.output()).contains("invalid password");
    }
  }
}
