/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.hardware.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.muster.testing.PeerProgram;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The watchdog of the package under systemd itself: a manager of its own, in name spaces and a
 * cgroup that go with it. Of the unit it has what concerns the watchdog alone: a user's manager
 * knows no other users and devices.
 */
class SystemdTest {
  private static final Duration LIMIT = Duration.ofSeconds(90);
  private static final Path SYSTEMD =
      Path.of(System.getProperty("muster.root"), "hardware/systemd");
  private static final String UNIT = "muster-device.service";

  /** Of version 1, of a hybrid, or of version 2 alone. */
  private static final List<Path> HIERARCHIES = Stream.of("systemd", "unified", "")
      .map(Path.of("/sys/fs/cgroup")::resolve)
      .filter(hierarchy -> Files.exists(hierarchy.resolve("cgroup.procs")))
      .toList();

  @TempDir
  Path folder;

  private Process manager;

  private List<Path> cgroups() {
    return HIERARCHIES.stream()
        .map(hierarchy ->
            hierarchy.resolve("muster-test-" + ProcessHandle.current().pid()))
        .toList();
  }

  @AfterEach
  void stopManager() throws Exception {
    if (manager != null) {
      manager.destroyForcibly().waitFor(); // The first of its name space, and so all in it.
      for (Path cgroup : cgroups()) {
        await().atMost(LIMIT).ignoreExceptions().until(() -> isRemoved(cgroup));
      }
    }
  }

  private static boolean isRemoved(Path cgroup) throws IOException {
    if (Files.exists(cgroup)) {
      try (Stream<Path> all = Files.walk(cgroup)) {
        for (Path one :
            all.filter(Files::isDirectory).sorted(Comparator.reverseOrder()).toList()) {
          Files.delete(one);
        }
      }
    }
    return true;
  }

  private void startManager() throws IOException {
    boolean mayMake = PeerProgram.require("unshare")
                .run(folder, "--pid", "--fork", "--mount-proc", "true")
                .exitCode()
            == 0
        && !HIERARCHIES.isEmpty()
        && HIERARCHIES.stream().allMatch(one -> Files.isWritable(one.resolve("cgroup.procs")));
    if (!mayMake) {
      PeerProgram.skip("systemd of its own (needs root, name spaces and cgroups)");
    }
    Path run = Files.createDirectory(
        folder.resolve("run"),
        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    Path script = Files.writeString(folder.resolve("manager"), """
        set -eu
        for cgroup in "$@"; do
          mkdir "$cgroup"
          echo $$ > "$cgroup/cgroup.procs"
        done
        # It wants a machine that was booted with systemd.
        exec env -i PATH="$PATH" HOME="$PWD" XDG_RUNTIME_DIR="$PWD/run" \\
          SYSTEMD_UNIT_PATH="$PWD/units:/usr/lib/systemd/user" \\
          unshare --pid --fork --mount-proc --kill-child sh -c '
            mount -t tmpfs tmpfs /run && mkdir -p /run/systemd/system
            /lib/systemd/systemd --user --unit=watched.target & wait'
        """);
    manager = PeerProgram.require("sh")
        .start(
            folder,
            folder.resolve("out"),
            folder.resolve("err"),
            Stream.concat(Stream.of(script), cgroups().stream())
                .map(Path::toString)
                .toArray(String[]::new));
    await()
        .atMost(LIMIT)
        .until(() -> Files.exists(run.resolve("systemd/private")) || !manager.isAlive());
    if (!manager.isAlive()) {
      PeerProgram.skip("systemd of its own (" + Files.readString(folder.resolve("err")) + ")");
    }
  }

  private String property(String name) {
    String first = Long.toString(manager.children().findFirst().orElseThrow().pid());
    return PeerProgram.require("nsenter")
        .run(
            folder,
            "--target=" + first,
            "--pid",
            "--mount",
            "env",
            "XDG_RUNTIME_DIR=" + folder.resolve("run"),
            "systemctl",
            "--user",
            "show",
            "--value",
            "--property=" + name,
            UNIT)
        .expectSuccess()
        .stdout()
        .strip();
  }

  private void awaitThatItLives() {
    String before = property("WatchdogTimestampMonotonic");
    await()
        .atMost(LIMIT)
        .until(() -> property("ActiveState").equals("active")
            && !List.of("0", before).contains(property("WatchdogTimestampMonotonic")));
  }

  @Test
  void watchdog_programThatHangs_isStartedAnew() throws Exception {
    Path hang = folder.resolve("hang");
    Path units = Files.createDirectory(folder.resolve("units"));
    Path more = Files.createDirectory(units.resolve(UNIT + ".d"));
    assertThat(SYSTEMD.resolve(UNIT)).content().contains("\nRestart=always\n");
    Files.writeString(units.resolve("watched.target"), "[Unit]\nWants=" + UNIT + "\n");
    Files.writeString(units.resolve(UNIT), """
        [Service]
        ExecStart=%s -XX:TieredStopAtLevel=1 -cp %s %s %s
        Restart=always
        RestartSec=100ms
        """.formatted(
            Path.of(System.getProperty("java.home"), "bin/java"),
            System.getProperty("java.class.path"),
            SupervisedProgram.class.getName(),
            hang));
    Files.copy(SYSTEMD.resolve("watchdog.conf"), more.resolve("watchdog.conf"));
    Files.writeString(more.resolve("z-soon.conf"), "[Service]\nWatchdogSec=2s\n");
    startManager();
    await().atMost(LIMIT).until(() -> property("ActiveState").equals("active"));
    awaitThatItLives();

    String restarts = property("NRestarts");
    Files.createFile(hang);
    await().atMost(LIMIT).until(() -> !property("NRestarts").equals(restarts));

    Files.delete(hang);
    awaitThatItLives();
  }
}
