/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.command;

import static org.assertj.core.api.Assertions.assertThat;

import dev.muster.simulator.Progress;
import dev.muster.simulator.RunReport;
import dev.muster.simulator.Sample;
import dev.muster.simulator.ServerProcess;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class FleetProgressTest {
  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
  private final PrintStream out = new PrintStream(bytes, true, StandardCharsets.UTF_8);

  @Test
  void table_showsBarsAndTheLastSecond() {
    LiveTable table = new LiveTable(4);
    table.lines(progress(29_000, 2, "ramp", 4_000, sample(29, 28.2)));
    assertThat(table.lines(progress(30_000, 3, "steady", 5_000, sample(30, 29.1))))
        .containsExactly(
            "0:00:30  phase 3 of 4: steady",
            "time         [###############---------------] 50 %",
            "enrolled     [##############################] 10,000 of 10,000",
            "online       [###############---------------] 5,000 of 10,000",
            "messages     12,345 sent, 12,300 acknowledged, 5 failed",
            "last second  1,000 sent, 990 acknowledged, 1 failed",
            "             latency p50 1.5 ms, p90 2.0 ms, p99 9.9 ms, max 20.0 ms",
            "             connections 167 established, 2 lost or failed",
            "server       90 % of a processor, 512 MiB resident");
  }

  @Test
  void table_serverThatWasStartedAgain_hasUsedNothingThatCouldBeTold() {
    LiveTable table = new LiveTable(4);
    table.lines(progress(29_000, 2, "ramp", 4_000, sample(29, 28.2)));
    assertThat(table.lines(progress(30_000, 3, "steady", 5_000, sample(30, 0.4))))
        .contains("server       512 MiB resident");
    assertThat(table.lines(progress(31_000, 3, "steady", 5_000, sample(31, 0.9))))
        .contains("server       50 % of a processor, 512 MiB resident");
  }

  @Test
  void table_endlessRun_hasNoBarOfTime() {
    assertThat(new LiveTable(null).lines(progress(1_000, 1, "ramp", 0, null)))
        .containsExactly(
            "0:00:01  ramp",
            "enrolled     [##############################] 10,000 of 10,000",
            "online       [------------------------------] 0 of 10,000",
            "messages     12,345 sent, 12,300 acknowledged, 5 failed");
  }

  @Test
  void terminal_isWrittenOverItself_aFewTimesASecond() {
    FleetProgress progress = new FleetProgress(new LiveTable(4), out, true);
    progress.onProgress(progress(0, 1, "ramp", 0, null));
    progress.onProgress(progress(200, 1, "ramp", 1, null));
    progress.onProgress(progress(400, 1, "ramp", 2, null));
    String text = bytes.toString(StandardCharsets.UTF_8);
    assertThat(text.split("\u001b\\[5A\u001b\\[J"))
        .hasSize(2)
        .allMatch(part -> part.lines().count() == 5);
    assertThat(text).contains(" 0 of 10,000", " 2 of 10,000").doesNotContain(" 1 of 10,000");
  }

  @Test
  void elsewhere_aLineForEachPhase() {
    FleetProgress progress = new FleetProgress(new LiveTable(2), out, false);
    progress.onProgress(progress(0, 1, "ramp", 0, null));
    progress.onProgress(progress(200, 1, "ramp", 1, null));
    progress.onProgress(progress(61_000, 2, "steady", 9_999, null));
    assertThat(bytes.toString(StandardCharsets.UTF_8).lines())
        .containsExactly(
            "0:00:00  phase 1 of 2: ramp, 0 of 10,000 devices online",
            "0:01:01  phase 2 of 2: steady, 9,999 of 10,000 devices online");
  }

  private static Progress progress(
      int millis, int part, String name, int online, @Nullable Sample last) {
    return new Progress(
        Progress.Phase.RUNNING,
        10_000,
        10_000,
        10_000,
        12_345,
        12_300,
        5,
        online,
        part,
        name,
        last,
        Duration.ofMillis(millis),
        Duration.ofMinutes(1));
  }

  private static Sample sample(int second, double cpu) {
    return new Sample(
        Duration.ofSeconds(second),
        1_000,
        990,
        1,
        5_000,
        167,
        2,
        new RunReport.Latency(1.5, 2, 9.9, 20),
        new ServerProcess.Usage(Duration.ofMillis((long) (1000 * cpu)), 512L << 20));
  }
}
