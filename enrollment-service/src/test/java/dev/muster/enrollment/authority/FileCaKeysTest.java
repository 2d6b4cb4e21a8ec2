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
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Clock;
import java.util.List;
import java.util.stream.Stream;
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
  void keysInFiles_areUnderAes256_andTheirPassword(@TempDir Path folder) throws IOException {
    CertificateAuthorities.create(folder.resolve("ca"), Clock.systemUTC());
    PeerProgram openssl = PeerProgram.require("openssl");
    List<Path> files;
    try (Stream<Path> all = Files.list(folder.resolve("ca"))) {
      files = all.filter(file -> file.toString().endsWith(".p12")).toList();
    }
    assertThat(files).as("of root, device and service CA").hasSize(3);
    for (Path path : files) {
      String file = folder.relativize(path).toString();
      PeerProgram.Result opened = openssl.run(
          folder, "pkcs12", "-info", "-noout", "-in", file, "-passin", "file:ca/password");
      assertThat(opened.expectSuccess().output())
          .contains("Shrouded Keybag: PBES2, PBKDF2, AES-256-CBC");
      PeerProgram.Result guessed =
          openssl.run(folder, "pkcs12", "-noout", "-in", file, "-passin", "pass:changeit");
      assertThat(guessed.exitCode()).isNotZero();
      assertThat(guessed.output()).contains("invalid password");
    }
  }
}
