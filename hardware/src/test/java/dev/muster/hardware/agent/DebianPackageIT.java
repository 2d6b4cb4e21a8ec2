/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.hardware.agent;

import static org.assertj.core.api.Assertions.assertThat;

import dev.muster.testing.PeerProgram;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.spi.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The package that the build has made, as dpkg sees it. */
class DebianPackageIT {
  private static final String DEB =
      Path.of("target/muster-device_all.deb").toAbsolutePath().toString();

  @TempDir
  Path folder;

  private final PeerProgram dpkg = PeerProgram.require("dpkg-deb");

  @Test
  void fields_sayWhatItIsAndNeeds() {
    String fields = dpkg.run(folder, "-f", DEB).expectSuccess().stdout();

    assertThat(fields)
        .contains("Package: muster-device\n", "Architecture: all\n", "java17-runtime-headless")
        .containsPattern("Version: 0\\.[0-9.]+(~SNAPSHOT)?\n");
  }

  @Test
  void control_hasScriptsThatTheShellReads_andKeepsTheSettings() throws IOException {
    dpkg.run(folder, "-e", DEB, "control").expectSuccess();

    for (String script : List.of("postinst", "prerm", "postrm")) {
      Path file = folder.resolve("control").resolve(script);
      assertThat(file).isExecutable();
      PeerProgram.require("sh").run(folder, "-n", file.toString()).expectSuccess();
    }
    assertThat(Files.readAllLines(folder.resolve("control/conffiles")))
        .containsExactly("/etc/muster-device/device.properties");
  }

  @Test
  void contents_areTheAgentAndNothingElse() {
    assertThat(modes())
        .containsEntry("./usr/bin/muster-device", "-rwxr-xr-x root/root")
        .containsEntry("./etc/muster-device/device.properties", "-rw-r--r-- root/root")
        .containsEntry("./usr/lib/systemd/system/muster-device.service", "-rw-r--r-- root/root")
        .containsEntry("./usr/lib/systemd/system/muster-device-reboot.path", "-rw-r--r-- root/root")
        .containsEntry(
            "./usr/lib/systemd/system/muster-device-reboot.service", "-rw-r--r-- root/root")
        .containsEntry("./usr/share/doc/muster-device/copyright", "-rw-r--r-- root/root")
        .containsEntry(
            "./usr/share/doc/muster-device/examples/watchdog.conf", "-rw-r--r-- root/root");
    assertThat(modes().keySet().stream().filter(name -> name.endsWith(".jar")))
        .extracting(name -> Path.of(name).getFileName().toString())
        .containsExactlyInAnyOrder(
            "jna.jar", "muster-device.jar", "slf4j-api.jar", "slf4j-jdk14.jar");
  }

  /**
   * Of the libraries nothing was left out to which anything refers, but for the factory's labels.
   */
  @Test
  void jar_hasAllClassesThatItsClassesReferTo() {
    dpkg.run(folder, "-x", DEB, ".").expectSuccess();
    Path jars = folder.resolve("usr/share/muster-device");
    StringWriter said = new StringWriter();

    ToolProvider.findFirst("jdeps")
        .orElseThrow()
        .run(
            new PrintWriter(said),
            new PrintWriter(said),
            "--multi-release",
            "17",
            "--missing-deps",
            "--class-path",
            jars.resolve("jna.jar") + ":" + jars.resolve("slf4j-api.jar"),
            jars.resolve("muster-device.jar").toString());

    assertThat(said.toString().lines().filter(line -> line.endsWith("not found")))
        .contains("muster-device.jar -> not found")
        .filteredOn(line -> !line.matches(".*package-info +-> org[.]jspecify[.].*"))
        .allMatch(line -> line.matches("\\S.*|.*[.]factory[.]Label +-> com[.]google[.]zxing[.].*"));
  }

  private Map<String, String> modes() {
    Map<String, String> modes = new TreeMap<>();
    for (String line : dpkg.run(folder, "-c", DEB).expectSuccess().stdout().split("\n")) {
      String[] words = line.split("\\s+");
      modes.put(words[words.length - 1], words[0] + " " + words[1]);
    }
    return modes;
  }

  /** A folder in the place of a machine; what is done to a machine's users is noted, not done. */
  @Test
  void installAndPurge_makeTheUserAndTheModes_andLeaveTheIdevid() throws IOException {
    Path root = Files.createDirectory(folder.resolve("root"));
    for (String name : List.of("info", "updates", "triggers")) {
      Files.createDirectories(root.resolve("var/lib/dpkg").resolve(name));
    }
    Files.createFile(root.resolve("var/lib/dpkg/status"));
    Files.createDirectory(folder.resolve("noted"));
    note("getent", "exit 2"); // No such user.
    note("adduser", "");
    note("chown", "");
    note("install", "for last; do :; done; mkdir -p \"$last\"");
    Path settings = root.resolve("etc/muster-device");
    Path state = root.resolve("var/lib/muster-device");

    dpkgIn(root, "--install", DEB);

    assertThat(Files.readAllLines(folder.resolve("calls")))
        .containsExactly(
            "getent passwd muster-device",
            "adduser --system --group --quiet --home /var/lib/muster-device --no-create-home"
                + " muster-device",
            "install -d -o muster-device -g muster-device -m 0700 " + state,
            "chown root:muster-device " + settings);
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(settings)))
        .isEqualTo("rwxr-x---");
    assertThat(root.resolve("usr/bin/muster-device")).isExecutable();
    Files.writeString(settings.resolve("chain.pem"), "the factory's");
    Files.writeString(state.resolve("time"), "the agent's");

    dpkgIn(root, "--purge", "muster-device");

    assertThat(settings).isDirectoryContaining("glob:**/chain.pem");
    assertThat(settings.resolve("device.properties")).doesNotExist();
    assertThat(state).doesNotExist();
    assertThat(root.resolve("usr/bin/muster-device")).doesNotExist();
  }

  /** A program that notes how it was called. */
  private void note(String name, String then) throws IOException {
    Path script = folder.resolve("noted").resolve(name);
    Files.writeString(
        script,
        "#!/bin/sh\necho \"" + name + " $*\" >> '" + folder.resolve("calls") + "'\n" + then + "\n");
    Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  private void dpkgIn(Path root, String... arguments) {
    PeerProgram.require("dpkg");
    List<String> command = new ArrayList<>(List.of(
        "PATH=" + folder.resolve("noted") + ":/usr/sbin:/sbin:" + System.getenv("PATH"),
        "dpkg",
        "--root=" + root,
        "--force-script-chrootless",
        "--force-not-root",
        "--force-depends"));
    command.addAll(List.of(arguments));
    PeerProgram.require("env").run(folder, command.toArray(String[]::new)).expectSuccess();
  }

  @Test
  void command_runsFromWhereItWasUnpacked_andTellsMistakes() throws IOException {
    dpkg.run(folder, "-x", DEB, ".").expectSuccess();
    String command = folder.resolve("usr/bin/muster-device").toString();
    PeerProgram shell = PeerProgram.require("sh");

    assertThat(PeerProgram.require("env")
            .run(folder, "MUSTER_JAVA_OPTS=-XX:+PrintFlagsFinal", "sh", command, "--help")
            .expectSuccess()
            .stdout())
        .containsPattern("ExitOnOutOfMemoryError +:?= true")
        .contains("Usage: muster-device");
    // It goes as far as to the root that is missing; further, HardwareIT goes with it.
    PeerProgram.Result result =
        shell.run(folder, command, "--config", "etc/muster-device/device.properties");
    assertThat(result.exitCode()).isEqualTo(1);
    assertThat(result.stderr()).startsWith("muster-device: ").contains("/etc/muster-device/");
  }
}
