/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app;

import static org.assertj.core.api.Assertions.assertThat;

import dev.muster.app.backend.Endpoints;
import dev.muster.testing.PeerProgram;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** docs/twins-and-commands.md, executed. */
class TwinsAndCommandsIT {
  private static final Pattern BLOCK = Pattern.compile("(?ms)^```sh\n(.*?)^```$");

  @TempDir
  Path folder;

  @Test
  void page_everyBlockInOrder_succeeds() throws IOException {
    for (String program : List.of("openssl", "curl", "mosquitto_pub", "mosquitto_sub")) {
      PeerProgram.require(program);
    }
    Files.createSymbolicLink(folder.resolve("muster"), MusterProcess.ROOT.resolve("muster"));
    try (MusterProcess backend =
        MusterProcess.start(folder, "serve", "--ephemeral-ports").awaitReady()) {
      Endpoints ports = Endpoints.read(folder.resolve("muster-data"));
      Path script =
          Files.writeString(folder.resolve("page.sh"), "set -eu -o pipefail\n" + script());
      assertThat(MusterProcess.startCommand(
                  folder,
                  Map.of(
                      "EST_PORT", String.valueOf(ports.est()),
                      "MQTT_PORT", String.valueOf(ports.mqtt())),
                  List.of("bash", script.toString()))
              .awaitEnd(Duration.ofMinutes(3))
              .expect(0)
              .stdout())
          .contains(
              "{\"version\":1,\"desired\":{\"interval\":10,\"led\":{\"on\":true,\"color\":\"red\"}}")
          .containsPattern("delta +1 +- +\\{\"led\":\\{\"color\":\"red\"}}")
          .containsPattern("desired +2 .*\\{\"interval\":60}")
          .contains("desired version: 2 (expected by this change: 1;")
          .containsPattern("command [0-9a-f-]{36}: done")
          .contains("{\"blinked\":3}")
          .containsPattern("[0-9a-f-]{36} +blink +done ")
          .containsPattern("command [0-9a-f-]{36}: cancelled")
          .containsPattern("127\\.0\\.0\\.1 +5 +TLSv1\\.3 +TLS_")
          .contains("closed by the client: normal disconnection");
      assertThat(MusterProcess.run(folder, "admin", "devices", "show", "initech-sn-0042")
              .expect(0)
              .stdout())
          .containsPattern("presence +offline since .*: closed by the client");
      assertThat(backend.stderr()).doesNotContain("ERROR").doesNotContain("\tat ");
    }
  }

  private static String script() throws IOException {
    String page = Files.readString(MusterProcess.ROOT.resolve("docs/twins-and-commands.md"));
    return BLOCK.matcher(page).results().map(block -> block.group(1)).reduce("", String::concat);
  }
}
