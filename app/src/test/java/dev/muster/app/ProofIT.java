/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;

/**
 * docs/proofs, executed: all of them, at full length, with {@code -Pnightly}; otherwise ten kills.
 * What the other proofs do to a fleet, {@link SimulatorIT} does to a small one.
 */
class ProofIT {
  private static final String LONG = "proofs.long";
  private static final Duration LIMIT =
      Boolean.getBoolean(LONG) ? Duration.ofHours(6) : Duration.ofMinutes(20);

  @TempDir
  Path folder;

  private final Map<String, String> environment = new HashMap<>();

  @BeforeEach
  void prepare() throws IOException {
    Files.createSymbolicLink(folder.resolve("muster"), MusterProcess.ROOT.resolve("muster"));
    // The same after each kill.
    for (String port : List.of("EST", "OPERATOR", "MQTT", "HTTP", "METRICS")) {
      environment.put("MUSTER_PORTS_" + port, Integer.toString(freePort()));
    }
    if (Boolean.getBoolean(LONG)) {
      // Not what other tests have, whose processes are short-lived: with the second compiler.
      environment.put("MUSTER_JAVA_OPTS", "");
    }
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    }
  }

  @Test
  void kills_atRandomMoments_loseNothing() throws IOException {
    if (!Boolean.getBoolean(LONG)) {
      // It takes as long as ten recoveries; the length is for a machine that is very slow.
      environment.putAll(
          Map.of("DEVICES", "20", "KILLS", "10", "LENGTH", "15m", "WITHIN", "1s", "REST", "1s"));
    }
    assertThat(prove("kills", "data").path("serverFaults").path("kills").asInt())
        .isEqualTo(Boolean.getBoolean(LONG) ? 1000 : 10);
  }

  @Test
  @EnabledIfSystemProperty(named = LONG, matches = "true")
  void fullDisk_forAMinute_losesNothing() throws IOException {
    Path disk = Files.createDirectory(folder.resolve("disk"));
    assumeThat(run("mount", "-t", "tmpfs", "-o", "size=1g", "tmpfs", disk.toString()))
        .as("exit code of mount, which only root may call")
        .isZero();
    try {
      prove("full-disk", "disk/data");
    } finally {
      run("umount", disk.toString());
    }
  }

  private int run(String... command) {
    return MusterProcess.startCommand(folder, Map.of(), List.of(command))
        .awaitEnd(Duration.ofMinutes(1))
        .exitCode();
  }

  @Test
  @EnabledIfSystemProperty(named = LONG, matches = "true")
  void storm_of5000_isOver_asFastAsHandshakesAre() throws IOException {
    prove("storm", "data");
  }

  @Test
  @EnabledIfSystemProperty(named = LONG, matches = "true")
  void rotation_of2000_leavesNoGaps() throws IOException {
    prove("rotation", "data");
  }

  @Test
  @EnabledIfSystemProperty(named = LONG, matches = "true")
  void rogue_atLineSpeed_disturbsNobody() throws IOException {
    prove("rogue", "data");
  }

  @Test
  @EnabledIfSystemProperty(named = LONG, matches = "true")
  void soak_forHours_growsNothing() throws IOException {
    prove("soak", "data");
  }

  @Test
  @EnabledIfSystemProperty(named = LONG, matches = "true")
  void tenThousand_inOneProcess_takeLessThanTwoGigabytes() throws IOException {
    environment.put("MUSTER_JAVA_OPTS", "-Xmx1g");
    JsonNode run = prove("ten-thousand", "data");
    assertThat(run.path("machine").path("simulatorPeakBytes").asLong())
        .isBetween(1L, 2_000_000_000L);
  }

  private JsonNode prove(String name, String data) throws IOException {
    Path scenario = MusterProcess.ROOT.resolve("docs/proofs/" + name + ".yaml");
    MusterProcess.Ended ended = MusterProcess.start(
            folder,
            environment,
            "simulate",
            "--scenario",
            scenario.toString(),
            "--allow-commands",
            "--data",
            data,
            "--state",
            "state",
            "--json")
        .awaitEnd(LIMIT);
    assertThat(ended.stdout()).as("stderr: %s", ended.stderr()).isNotEmpty();
    JsonNode run = new ObjectMapper().readTree(ended.stdout());
    assertThat(ended.exitCode()).as(run::toPrettyString).isZero();
    System.out.printf(
        "PROOF %s: %d acknowledged, %d lost, %d stored twice, %s%n",
        name,
        run.path("acknowledged").asLong(),
        run.path("lost").asLong(),
        run.path("duplicated").asLong(),
        run.path("expectations"));
    return run;
  }
}
