/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app;

import static org.assertj.core.api.Assertions.assertThat;

import dev.muster.testing.PeerProgram;
import dev.muster.testing.SoftHsm;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** CA keys in a PKCS#11 token, by the settings and with the command line. */
class TokenIT {
  @TempDir
  Path folder;

  private Path data;

  @BeforeEach
  void init() throws IOException {
    SoftHsm hsm = SoftHsm.newToken(folder);
    data = Files.createDirectories(folder.resolve("muster-data"));
    Files.writeString(
        data.resolve("muster.yaml"), """
        enrollment:
          ca:
            pkcs11:
              library: %s
              tokenLabel: %s
              pinFile: %s
        """.formatted(hsm.library(), hsm.label(), hsm.pinFile()));
    muster("init").expect(0);
  }

  private MusterProcess.Ended muster(String... arguments) {
    return MusterProcess.run(folder, arguments);
  }

  @Test
  void init_keysInToken_leavesNoneInFiles_andIsFoundSoundAgain() throws IOException {
    try (var files = Files.list(data.resolve("ca"))) {
      assertThat(files.map(file -> file.getFileName().toString()))
          .containsExactlyInAnyOrder("root.pem", "device-ca.pem", "service-ca.pem");
    }
    assertThat(muster("init").expect(0).stdout()).contains("already made, and sound");
    assertThat(PeerProgram.require("openssl")
            .run(
                folder,
                "verify",
                "-x509_strict",
                "-CAfile",
                "muster-data/trust/root.pem",
                "-untrusted",
                "muster-data/trust/service-ca.pem",
                "muster-data/services/server/cert.pem")
            .expectSuccess()
            .stdout())
        .contains("OK");
  }

  @Test
  void init_tokenNotAsSet_saysWhatIsWrongAndWhatToDo() throws IOException {
    refused("tokenLabel", "nobody", "tokenLabel: \"nobody\" (expected: one of [");
    refused("library", "/nowhere.so", "library: /nowhere.so is not there");
    Path pin = Files.writeString(folder.resolve("pin"), "9999");
    Files.setPosixFilePermissions(pin, PosixFilePermissions.fromString("rw-------"));
    refused("pinFile", pin.toString(), "does not hold the user PIN");
    refused("tokenLabel", "", "enrollment.ca.pkcs11: tokenLabel");
  }

  private void refused(String setting, String value, String message) {
    MusterProcess.Ended ended =
        muster("init", "--set", "enrollment.ca.pkcs11." + setting + "=" + value);
    assertThat(ended.expect(1).stderr()).contains(message).contains("hint:");
  }
}
