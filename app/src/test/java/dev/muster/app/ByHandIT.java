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
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * docs/by-hand.md, executed: what it shows a stranger to do must work to the letter. Also where the
 * native library of Conscrypt does not run: all other processes of the tests have it, these do not.
 */
class ByHandIT {
  private static final Map<String, String> WITHOUT_CONSCRYPT =
      Map.of("MUSTER_JAVA_OPTS", System.getenv("MUSTER_JAVA_OPTS") + " -Dmuster.conscrypt=false");
  private static final Pattern BLOCK = Pattern.compile("(?ms)^```sh\n(.*?)^```$");

  @TempDir
  Path folder;

  @Test
  void byHand_everyBlockInOrder_succeeds() throws IOException {
    for (String program : List.of("openssl", "curl", "mosquitto_pub", "mosquitto_sub")) {
      PeerProgram.require(program);
    }
    Files.createSymbolicLink(folder.resolve("muster"), MusterProcess.ROOT.resolve("muster"));
    try (MusterProcess backend = MusterProcess.start(
            folder,
            WITHOUT_CONSCRYPT,
            "serve",
            "--ephemeral-ports",
            "--set",
            "ports.coaps=0",
            "--set",
            "ports.telemetryCoaps=0")
        .awaitReady()) {
      Endpoints ports = Endpoints.read(folder.resolve("muster-data"));
      assertThat(ports.coaps()).isPositive();
      assertThat(ports.telemetryCoaps()).isPositive();
      Path script =
          Files.writeString(folder.resolve("by-hand.sh"), "set -eu -o pipefail\n" + script());
      MusterProcess.Ended ended = MusterProcess.startCommand(
              folder, environment(ports), List.of("bash", "-x", script.toString()))
          .awaitEnd(Duration.ofMinutes(3))
          .expect(0);
      assertThat(ended.stdout())
          .contains("device.pem: OK")
          .contains("CN = acme-sn-0001")
          .contains("temperature")
          .contains("{\"temperature\": 21.5}")
          .contains("next.pem: OK")
          .contains("next.pem: revoked")
          .contains("certificate ")
          .contains("revoked");
      assertThat(backend.stderr()).doesNotContain("ERROR").doesNotContain("\tat ");
      assertThat(Files.readString(Path.of("/proc", "" + backend.pid(), "maps")))
          .as("what the process has loaded")
          .contains("libjvm")
          .doesNotContain("conscrypt_openjdk_jni");
    }
  }

  private static Map<String, String> environment(Endpoints ports) {
    Map<String, String> environment = new HashMap<>(WITHOUT_CONSCRYPT);
    environment.put("EST_PORT", String.valueOf(ports.est()));
    environment.put("MQTT_PORT", String.valueOf(ports.mqtt()));
    environment.put("HTTP_PORT", String.valueOf(ports.http()));
    return environment;
  }

  private static String script() throws IOException {
    String page = Files.readString(MusterProcess.ROOT.resolve("docs/by-hand.md"));
    List<String> blocks = BLOCK.matcher(page).results().map(MatchResult::group).toList();
    assertThat(blocks).hasSize(9);
    return BLOCK.matcher(page).results().map(block -> block.group(1)).reduce("", String::concat);
  }
}
