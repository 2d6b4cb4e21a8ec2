/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app;

import static org.assertj.core.api.Assertions.assertThat;

import dev.muster.testing.PeerProgram;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What the command says and returns when it is used wrongly, or the machine does not play along.
 */
class CommandLineIT {
  @TempDir
  Path folder;

  @Test
  void init_makesEverything_andAgainChangesNothing() throws IOException {
    assertThat(MusterProcess.run(folder, "init").expect(0).stdout())
        .startsWith("made: muster-data");
    String token = Files.readString(folder.resolve("muster-data/admin-token"));
    assertThat(MusterProcess.run(folder, "init").expect(0).stdout()).startsWith("already made");
    assertThat(folder.resolve("muster-data/admin-token")).hasContent(token);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "nonsense",
        "serve --nonsense",
        "factory issue",
        "demo --for soon",
        "admin devices show"
      })
  void usage_wrong_isExplainedWithExitCode2(String line) {
    assertThat(MusterProcess.run(folder, line.split(" ")).expect(2).stderr())
        .containsAnyOf("Usage: muster", "Did you mean: muster");
  }

  @Test
  void admin_withoutABackend_saysHowToStartOne() {
    assertThat(MusterProcess.run(folder, "admin", "devices", "list").expect(1).stderr())
        .contains("ports.json")
        .contains("start one with: muster serve");
  }

  @Test
  void serve_unknownSetting_isRefusedByName() throws IOException {
    MusterProcess.run(folder, "init").expect(0);
    Files.writeString(folder.resolve("muster-data/muster.yaml"), "ports:\n  mqqt: 1\n");
    assertThat(MusterProcess.run(folder, "serve", "--ephemeral-ports").expect(1).stderr())
        .contains("ports.mqqt: unknown setting")
        .contains("hint: ");
  }

  @ParameterizedTest
  @ValueSource(strings = {"est", "operator", "mqtt", "http", "metrics"})
  void serve_portInUse_isRefusedWithThePortAndNothingKeepsRunning(String port) throws IOException {
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
      MusterProcess.Ended ended = MusterProcess.run(
              folder,
              "serve",
              "--ephemeral-ports",
              "--set",
              "host=127.0.0.1",
              "--set",
              "ports." + port + "=" + taken.getLocalPort())
          .expect(1);
      assertThat(ended.stderr()).contains(String.valueOf(taken.getLocalPort()));
      assertThat(ended.stdout()).doesNotContain("ready");
    }
  }

  @Test
  void serve_twiceOnTheSameData_isRefused() {
    try (MusterProcess first =
        MusterProcess.start(folder, "serve", "--ephemeral-ports").awaitReady()) {
      assertThat(
              MusterProcess.run(folder, "serve", "--ephemeral-ports").expect(1).stderr())
          .contains("in use by another muster process");
      assertThat(first.stdout()).contains("ready ");
    }
  }

  @Test
  void serve_channelBindingRequiredWhereConscryptDoesNotRun_isRefusedByName() {
    Map<String, String> without = Map.of("MUSTER_JAVA_OPTS", "-Dmuster.conscrypt=false");
    try (MusterProcess muster = MusterProcess.start(
        folder,
        without,
        "serve",
        "--ephemeral-ports",
        "--set",
        "enrollment.requireChannelBinding=true")) {
      assertThat(muster.awaitEnd(Duration.ofMinutes(2)).expect(1).stderr())
          .contains("requireChannelBinding: true (expected: false")
          .contains("Conscrypt");
    }
  }

  @Test
  void serve_interrupted_endsWithinFiveSeconds() {
    try (MusterProcess muster =
        MusterProcess.start(folder, "serve", "--ephemeral-ports").awaitReady()) {
      muster.interrupt();
      muster.awaitEnd(Duration.ofSeconds(5));
      assertThat(folder.resolve("muster-data/ports.json")).doesNotExist();
      assertThat(muster.stderr()).doesNotContain("\tat ");
    }
  }

  @Test
  void enrollmentAndBroker_asTwoProcesses_findEachOther() throws IOException {
    MusterProcess.run(folder, "init").expect(0);
    List<Integer> free = freePorts(5);
    String[] common = {
      "--set",
      "host=127.0.0.1",
      "--set",
      "ports.est=" + free.get(0),
      "--set",
      "ports.http=" + free.get(1),
      "--set",
      "ports.mqtt=" + free.get(2),
      "--set",
      "ports.metrics=0",
      "--set",
      "ports.operator=0"
    };
    try (MusterProcess enrollment =
            MusterProcess.start(folder, concat("enrollment", common)).awaitReady();
        MusterProcess broker =
            MusterProcess.start(folder, concat("broker", common)).awaitReady()) {
      assertThat(enrollment.stdout()).contains("est=").doesNotContain("mqtt=");
      assertThat(broker.stdout()).contains("mqtt=").doesNotContain("est=");
    }
  }

  private static String[] concat(String command, String[] options) {
    return Stream.concat(Stream.of(command), Arrays.stream(options)).toArray(String[]::new);
  }

  private static List<Integer> freePorts(int count) throws IOException {
    List<ServerSocket> sockets = new ArrayList<>();
    try {
      for (int i = 0; i < count; i++) {
        sockets.add(new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1")));
      }
      return sockets.stream().map(ServerSocket::getLocalPort).toList();
    } finally {
      for (ServerSocket socket : sockets) {
        socket.close();
      }
    }
  }

  @Test
  void init_diskFull_isToldAndNothingIsTakenForWhole() {
    MusterProcess.Ended ended =
        onSmallDisk("16k", "muster init --data disk/data").expect(1);
    assertThat(ended.stderr()).contains("muster: ").contains("disk/data");
    assertThat(ended.stdout()).doesNotContain("layout.json");
  }

  @Test
  void init_diskReadOnly_isTold() {
    MusterProcess.Ended ended = onSmallDisk(
            "4m", "mount -o remount,ro disk && muster init --data disk/data")
        .expect(1);
    assertThat(ended.stderr()).contains("disk/data").contains("Read-only").contains("hint: ");
  }

  @Test
  void serve_diskReadOnly_isTold() {
    MusterProcess.Ended ended = onSmallDisk(
            "4m",
            "muster init --data disk/data && mount -o remount,ro disk"
                + " && muster serve --data disk/data --ephemeral-ports")
        .expect(1);
    assertThat(ended.stderr()).contains("disk/data").contains("Read-only").contains("hint: ");
  }

  /**
   * Runs a script beside a small disk in memory, in a mount name space that goes with the process.
   */
  private MusterProcess.Ended onSmallDisk(String size, String script) {
    PeerProgram.require("unshare", "--mount", "--map-root-user", "true");
    String whole = "muster() { " + MusterProcess.ROOT.resolve("muster") + " \"$@\"; }; mkdir disk"
        + " && mount -t tmpfs -o size=" + size + " tmpfs disk && " + script
        + "; code=$?; ls -R disk; exit $code";
    return MusterProcess.startCommand(
            folder, Map.of(), List.of("unshare", "--mount", "--map-root-user", "sh", "-c", whole))
        .awaitEnd(Duration.ofMinutes(1));
  }

  @Test
  void admin_serverInTheClear_isRefusedBeforeTheTokenIsRead() {
    assertThat(MusterProcess.run(
                folder,
                "admin",
                "devices",
                "list",
                "--server",
                "http://localhost:1",
                "--ca",
                "none",
                "--token-file",
                "none")
            .expect(1)
            .stderr())
        .contains("expected: https://HOST:PORT");
  }

  @Test
  void launcher_oddSurroundings_stillFindsAJdk() {
    String muster = MusterProcess.ROOT.resolve("muster").toString();
    for (String surroundings : List.of("-u HOME", "JAVA_HOME=/usr", "JAVA_HOME=/nonexistent")) {
      List<String> command = new ArrayList<>(List.of("env"));
      command.addAll(List.of(surroundings.split(" ")));
      command.addAll(List.of(muster, "--version"));
      assertThat(MusterProcess.startCommand(folder, Map.of(), command)
              .awaitEnd(Duration.ofSeconds(30))
              .expect(0)
              .stdout())
          .as(surroundings)
          .contains("muster ");
    }
  }

  @Test
  void launcher_inAFolderWithASpace_makesItsArchiveAndUsesIt() throws IOException {
    Path checkout = Files.createDirectories(folder.resolve("a check out/app/target"))
        .getParent()
        .getParent();
    Path muster = Files.copy(
        MusterProcess.ROOT.resolve("muster"),
        checkout.resolve("muster"),
        StandardCopyOption.COPY_ATTRIBUTES);
    Path target = checkout.resolve("app/target");
    Files.createSymbolicLink(
        target.resolve("library"), MusterProcess.ROOT.resolve("app/target/library"));
    for (Map<String, String> environment :
        List.of(Map.of("MUSTER_MAKE_ARCHIVE", "1"), Map.<String, String>of())) {
      assertThat(MusterProcess.startCommand(
                  folder, environment, List.of(muster.toString(), "--version"))
              .awaitEnd(Duration.ofMinutes(2))
              .expect(0)
              .stdout())
          .startsWith("muster ");
      try (Stream<Path> files = Files.list(target)) {
        assertThat(files.map(Path::toString)).anyMatch(name -> name.endsWith(".jsa"));
      }
    }
  }

  /** Java ends at once where it is told to take two. */
  @Test
  void launcher_takesTheCollectorThatSomebodyWants() {
    Map<String, String> wanted =
        Map.of("MUSTER_JAVA_OPTS", "-XX:+UseSerialGC -XX:+PrintFlagsFinal");
    String printed = MusterProcess.startCommand(
            folder, wanted, List.of(MusterProcess.ROOT.resolve("muster").toString(), "--version"))
        .awaitEnd(Duration.ofMinutes(2))
        .expect(0)
        .stdout();
    assertThat(printed.lines())
        .anyMatch(line -> line.matches(".* UseSerialGC += true .*"))
        .anyMatch(line -> line.matches(".* UseParallelGC += false .*"));
  }
}
