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
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** docs/telemetry-formats.md, executed with mosquitto_pub and read back. */
class TelemetryFormatsIT {
  private static final Pattern BLOCK = Pattern.compile("(?ms)^```sh\n(.*?)^```$");

  @TempDir
  Path folder;

  @Test
  void telemetryFormats_everyBlockInOrder_succeeds() throws IOException {
    for (String program : List.of("openssl", "curl", "mosquitto_pub")) {
      PeerProgram.require(program);
    }
    Files.createSymbolicLink(folder.resolve("muster"), MusterProcess.ROOT.resolve("muster"));
    try (MusterProcess backend =
        MusterProcess.start(folder, "serve", "--ephemeral-ports").awaitReady()) {
      Endpoints ports = Endpoints.read(folder.resolve("muster-data"));
      String enrollment = page("by-hand.md").split("(?m)^## 4\\. ", 2)[0];
      Path script = Files.writeString(
          folder.resolve("formats.sh"),
          "set -eu -o pipefail\n" + blocks(enrollment) + blocks(page("telemetry-formats.md")));
      MusterProcess.Ended ended = MusterProcess.startCommand(
              folder,
              Map.of(
                  "EST_PORT", String.valueOf(ports.est()),
                  "MQTT_PORT", String.valueOf(ports.mqtt()),
                  "HTTP_PORT", String.valueOf(ports.http())),
              List.of("bash", script.toString()))
          .awaitEnd(Duration.ofMinutes(4))
          .expect(0);
      assertThat(ended.stdout())
          .containsPattern("senml +room/temperature +21\\.5 +Cel")
          .containsPattern("senml +room/door +open")
          .containsPattern("senml-cbor +t +21\\.5 +Cel")
          .containsPattern("plain +battery\\.volt +3\\.7")
          .containsPattern("plain +battery\\.low +false")
          .containsPattern("plain-cbor +level +42")
          .containsPattern("number +value +21\\.5")
          .containsPattern("b1 +1 +5 +2 .*3-4")
          .containsPattern("acme-sn-0001: [0-9.E-]+ s (behind|ahead), by 3 of 3 messages")
          .containsPattern("ahead +\\d+ +2099-12-31T23:55:00Z +time: 2100-01-01T00:00:00Z")
          .containsPattern("payloadText +\\[\\{\"n\":\"t\",\"v\":1,\"t\":4102444800}]")
          .contains("2 dead letters written")
          .containsPattern("\\d+ +discarded")
          .containsPattern("\\d+ +new")
          .containsPattern("wrong +value +42");
      assertThat(Files.readAllLines(folder.resolve("try/by-hand/letters.ndjson")))
          .hasSize(2)
          .last()
          .asString()
          .contains("\"payloadBase64\":\"GCo=\"");
      assertThat(backend.stderr()).doesNotContain("ERROR").doesNotContain("\tat ");
    }
  }

  private static String page(String name) throws IOException {
    return Files.readString(MusterProcess.ROOT.resolve("docs").resolve(name));
  }

  private static String blocks(String page) {
    return BLOCK.matcher(page).results().map(block -> block.group(1)).collect(Collectors.joining());
  }
}
