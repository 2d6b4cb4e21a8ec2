/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app;

import static org.assertj.core.api.Assertions.assertThat;

import dev.muster.testing.PeerProgram;
import dev.muster.testing.Swtpm;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** docs/hardware.md, executed: a factory with a software TPM. */
class HardwarePageIT {
  private static final Pattern BLOCK = Pattern.compile("(?ms)^```sh\n(.*?)^```$");

  @TempDir
  Path folder;

  @Test
  void page_everyBlockInOrder_succeeds() throws IOException {
    for (String program : List.of("openssl", "swtpm", "tpm2")) {
      PeerProgram.require(program);
    }
    Files.createSymbolicLink(folder.resolve("muster"), MusterProcess.ROOT.resolve("muster"));
    String page = Files.readString(MusterProcess.ROOT.resolve("docs/hardware.md"));
    String blocks =
        BLOCK.matcher(page).results().map(block -> block.group(1)).reduce("", String::concat);
    Path script =
        Files.writeString(folder.resolve("hardware.sh"), "set -eu -o pipefail\n" + blocks);
    MusterProcess.Ended ended = MusterProcess.startCommand(
            folder,
            Map.of("TPM_PORT", String.valueOf(Swtpm.freePorts())),
            List.of("bash", "-x", script.toString()))
        .awaitEnd(Duration.ofMinutes(2))
        .expect(0);

    assertThat(ended.stdout())
        .contains("?handle=0x81020000")
        .contains("sn-1/device.pem: OK")
        .contains("fixedtpm|fixedparent|sensitivedataorigin|userwithauth|noda|sign")
        .contains("the same key")
        .contains("sn-2/device.pem: OK");
  }
}
