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

/** docs/telemetry-queries.md, executed: what it shows must work to the letter. */
class TelemetryQueriesIT {
  private static final Pattern BLOCK = Pattern.compile("(?ms)^```sh\n(.*?)^```$");

  @TempDir
  Path folder;

  @Test
  void telemetryQueries_everyBlockInOrder_succeeds() throws IOException {
    PeerProgram.require("curl");
    Files.createSymbolicLink(folder.resolve("muster"), MusterProcess.ROOT.resolve("muster"));
    try (MusterProcess backend =
        MusterProcess.start(folder, "serve", "--ephemeral-ports").awaitReady()) {
      Endpoints ports = Endpoints.read(folder.resolve("muster-data"));
      Path script =
          Files.writeString(folder.resolve("queries.sh"), "set -eum -o pipefail\n" + script());
      MusterProcess.Ended ended = MusterProcess.startCommand(
              folder,
              Map.of("OPERATOR_PORT", String.valueOf(ports.operator())),
              List.of("bash", "-x", script.toString()))
          .awaitEnd(Duration.ofMinutes(3))
          .expect(0);
      assertThat(ended.stdout())
          .contains("device,stream,metric,value,unit,time")
          .contains("\"tier\":\"raw\"")
          .contains("\"next\":\"")
          .contains("device,stream,metric,unit,time,mean,count,min,max,last")
          .contains("event: values")
          .contains("data: [{\"device\":\"sim-dev-");
      assertThat(backend.stderr()).doesNotContain("ERROR").doesNotContain("\tat ");
    }
  }

  private static String script() throws IOException {
    String page = Files.readString(MusterProcess.ROOT.resolve("docs/telemetry-queries.md"));
    return BLOCK.matcher(page).results().map(block -> block.group(1)).collect(Collectors.joining());
  }
}
