/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** docs/policy.md, executed, and what else its commands say. */
class PolicyCommandIT {
  private static final Pattern EXAMPLE = Pattern.compile("(?ms)^```yaml\n(.*?)^```$");
  private static final Pattern BLOCK = Pattern.compile("(?ms)^```sh\n(.*?)^```$");

  @TempDir
  Path folder;

  private static String page() throws IOException {
    return Files.readString(MusterProcess.ROOT.resolve("docs/policy.md"));
  }

  private static String blocks(Pattern pattern) throws IOException {
    return pattern
        .matcher(page())
        .results()
        .map(block -> block.group(1))
        .reduce("", String::concat);
  }

  @Test
  void page_everyBlock_saysWhatItPromises() throws IOException {
    Files.createSymbolicLink(folder.resolve("muster"), MusterProcess.ROOT.resolve("muster"));
    Files.writeString(folder.resolve("example.yaml"), blocks(EXAMPLE));
    Path script =
        Files.writeString(folder.resolve("policy.sh"), "set -eu -o pipefail\n" + blocks(BLOCK));
    assertThat(MusterProcess.startCommand(folder, Map.of(), List.of("bash", script.toString()))
            .awaitEnd(Duration.ofMinutes(1))
            .expect(0)
            .stdout())
        .startsWith("example.yaml: good, roles: device\nallowed to publish: CN=pump-7")
        .contains("rule:   roles.device.publish[0]\n")
        .contains("denied to subscribe: CN=pump-7,O=plant-a,OU=device (device CA)\nrule:   default")
        .endsWith("denied\n");
  }

  @Test
  void check_badFile_namesEachMistakeWithItsPlace() throws IOException {
    Files.writeString(
        folder.resolve("bad.yaml"), "version: 1\nroles:\n  device:\n    publish: x\n");
    assertThat(
            MusterProcess.run(folder, "policy", "check", "bad.yaml").expect(1).stderr())
        .contains("bad.yaml: 3 problems")
        .contains("line 4, column 5: roles.device.publish: wrong type (expected: a list)");
    assertThat(MusterProcess.run(folder, "policy", "check", "--json", "bad.yaml")
            .expect(1)
            .stdout())
        .startsWith("{\"file\":\"bad.yaml\",\"good\":false,\"problems\":[\"line ");
  }

  @Test
  void explain_wrongSubjectOrFile_isExplained() {
    assertThat(MusterProcess.run(
                folder, "policy", "explain", "--subject", "nonsense", "--publish", "x")
            .expect(1)
            .stderr())
        .contains("--subject: ");
    assertThat(MusterProcess.run(
                folder, "policy", "explain", "--subject", "CN=a,O=b,OU=device", "--publish", "x")
            .expect(1)
            .stderr())
        .contains("muster-data/policy.yaml: 1 problem")
        .contains("cannot be read");
  }
}
