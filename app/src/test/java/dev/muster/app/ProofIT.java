/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.muster.broker.DefaultPolicy;
import dev.muster.testing.PeerProgram;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledIfSystemProperty;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;

/**
 * docs/proofs, executed: all of them, at full length, with {@code -Pnightly}; otherwise in short.
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

  /** The rogue may send less than others do by default, so that it is too much on any machine. */
  @Test
  @DisabledIfSystemProperty(named = LONG, matches = "true")
  void allInOneRun_short_loseNothing_andAreOverWithoutHelp() throws IOException {
    PeerProgram.require("curl");
    // In bounded memory, too: who needs more ends, and with it the run.
    environment.put(
        "MUSTER_JAVA_OPTS",
        System.getenv().getOrDefault("MUSTER_JAVA_OPTS", "")
            + " -Xmx192m -XX:+ExitOnOutOfMemoryError");
    Files.writeString(
        folder.resolve("policy.yaml"),
        DefaultPolicy.yaml().replace("messagesPerSecond: 200", "messagesPerSecond: 10"));
    JsonNode run =
        proveOnSmallDisk("short", "256m", "mkdir -m 700 disk/data && cp policy.yaml disk/data");
    assertThat(run.path("serverFaults").path("kills").asInt()).isEqualTo(10);
    String metrics = Files.readString(folder.resolve("metrics.txt"));
    assertThat(metrics)
        .as("the rogue was held to its rate")
        .containsPattern("(?m)^muster_broker_held_total\\{reason=\"rate\"} [1-9]");
    assertThat(metrics)
        .as("a handshake of each device took turns")
        .containsPattern("(?m)^muster_tls_handshake_turns_total [1-9][0-9]{2}");
    assertThat(phase(run, "rotation").path("done").asInt()).isEqualTo(50);
    assertThat(phase(run, "reconnect-storm").path("done").asInt()).isEqualTo(80);
    for (String disturbing : List.of("flood", "reconnect-storm", "rotation")) {
      JsonNode phase = phase(run, disturbing);
      assertThat(phase.path("untouched").asInt()).as(disturbing).isPositive();
      assertThat(phase.path("unanswered").asInt())
          .as("of those that were left alone: %s", phase)
          .isZero();
    }
  }

  private static JsonNode phase(JsonNode run, String name) {
    for (JsonNode phase : run.path("phases")) {
      if (phase.path("name").asText().equals(name)) {
        return phase;
      }
    }
    throw new AssertionError("no phase " + name + " in " + run.path("phases"));
  }

  @Test
  @EnabledIfSystemProperty(named = LONG, matches = "true")
  void kills_atRandomMoments_loseNothing() throws IOException {
    assertThat(prove("kills", "data").path("serverFaults").path("kills").asInt())
        .isEqualTo(1000);
  }

  @Test
  @EnabledIfSystemProperty(named = LONG, matches = "true")
  void powerCuts_ofTheSdk_loseNothing() throws IOException {
    prove("power-cuts", "data", "--client", "sdk");
  }

  @Test
  @EnabledIfSystemProperty(named = LONG, matches = "true")
  void badNetwork_ofTheSdk_losesNothing() throws IOException {
    prove("bad-network", "data", "--client", "sdk");
  }

  @Test
  @EnabledIfSystemProperty(named = LONG, matches = "true")
  void stalledStore_forAMinute_losesNothing() throws IOException {
    Path data = folder.resolve("postgresql");
    try (EmbeddedPostgres database = EmbeddedPostgres.builder()
        .setDataDirectory(data)
        .setServerConfig("fsync", "on")
        .start()) {
      environment.put("PGDATA", data.toString());
      environment.put("PGUSER", "postgres");
      environment.put(
          "DATABASE", "jdbc:postgresql://localhost:" + database.getPort() + "/postgres");
      prove("stalled-store", "data");
    }
  }

  @Test
  @EnabledIfSystemProperty(named = LONG, matches = "true")
  void fullDisk_forAMinute_losesNothing() throws IOException {
    proveOnSmallDisk("full-disk", "1g", "true");
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

  @Test
  @EnabledIfSystemProperty(named = LONG, matches = "true")
  void thousand_ofTheSdk_inOneProcess_haveThreeThreadsEachAtMost() throws IOException {
    environment.put("MUSTER_JAVA_OPTS", "-Xmx512m");
    JsonNode run = prove("thousand-sdk", "data", "--client", "sdk");
    JsonNode machine = run.path("machine");
    System.out.println("PROOF thousand-sdk: " + machine);
    assertThat(machine.path("simulatorPeakThreads").asInt()).isBetween(1_000, 3_100);
    assertThat(machine.path("simulatorPeakBytes").asLong()).isBetween(1L, 2_000_000_000L);
  }

  private JsonNode prove(String name, String data, String... more) throws IOException {
    List<String> command = simulate(name, data);
    command.addAll(List.of(more));
    return prove(name, command);
  }

  /**
   * On a disk in memory, in a mount name space that goes with the process.
   *
   * @param before for the shell, when the disk is there
   */
  private JsonNode proveOnSmallDisk(String name, String size, String before) throws IOException {
    PeerProgram.require("unshare", "--mount", "--map-root-user", "true");
    String mount = "mkdir disk && mount -t tmpfs -o size=" + size + " tmpfs disk && " + before;
    List<String> command = new ArrayList<>(List.of(
        "unshare", "--mount", "--map-root-user", "sh", "-c", mount + " && exec \"$@\"", "sh"));
    command.addAll(simulate(name, "disk/data"));
    return prove(name, command);
  }

  private static List<String> simulate(String name, String data) {
    return new ArrayList<>(List.of(
        MusterProcess.ROOT.resolve("muster").toString(),
        "simulate",
        "--scenario",
        MusterProcess.ROOT.resolve("docs/proofs/" + name + ".yaml").toString(),
        "--allow-commands",
        "--data",
        data,
        "--state",
        "state",
        "--json"));
  }

  private JsonNode prove(String name, List<String> command) throws IOException {
    MusterProcess.Ended ended =
        MusterProcess.startCommand(folder, environment, command).awaitEnd(LIMIT);
    Path log = folder.resolve("state/server.log");
    assertThat(ended.stdout())
        .as(
            "stderr: %s, server: %s",
            ended.stderr(), Files.exists(log) ? Files.readString(log) : "")
        .isNotEmpty();
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
