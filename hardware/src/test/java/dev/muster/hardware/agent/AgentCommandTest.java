/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.hardware.agent;

import static org.assertj.core.api.Assertions.assertThat;

import dev.muster.testing.SoftHsm;
import dev.muster.testing.TestPki;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AgentCommandTest {
  private static final Path UNIT =
      Path.of(System.getProperty("muster.root"), "hardware/systemd/muster-device.service");

  @TempDir
  Path folder;

  private int run(String key) throws Exception {
    Path root = Files.writeString(
        folder.resolve("root.pem"), TestPki.pem(List.of(TestPki.root("CN=Root").certificate())));
    Path config = Files.writeString(
        folder.resolve("device.properties"), """
        enrollment=https://localhost:8443
        broker=mqtts://localhost:8883
        trust=%1$s
        identity.key=%2$s
        identity.chain=%1$s
        state=%3$s
        """.formatted(root, key, folder.resolve("state")));
    return AgentCommand.run(List.of("--config", config.toString()));
  }

  @Test
  void run_tokenRefusesThePin_endsAsSystemdDoesNotStartItAgain() throws Exception {
    SoftHsm hsm = SoftHsm.newToken(folder);
    Path pin = Files.writeString(folder.resolve("pin"), "0000");
    Files.setPosixFilePermissions(pin, PosixFilePermissions.fromString("rw-------"));

    assertThat(run("pkcs11:token=" + hsm.label() + ";object=x?module-path=" + hsm.library()
            + "&pin-source=" + pin))
        .isEqualTo(AgentCommand.PIN_REFUSED);
    assertThat(UNIT).content().contains("\nRestartPreventExitStatus=" + AgentCommand.PIN_REFUSED);
  }

  @Test
  void run_noTpm_failsAndMayBeStartedAgain() throws Exception {
    assertThat(run("tpm:" + folder.resolve("tpmrm0") + "?handle=0x81020000")).isEqualTo(1);
  }
}
