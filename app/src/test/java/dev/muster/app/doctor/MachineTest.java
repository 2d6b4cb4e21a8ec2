/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import dev.muster.app.Door;
import dev.muster.app.doctor.Finding.Verdict;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files that others may read, disks that forget, and a server that says something else. */
class MachineTest {
  @TempDir
  Path data;

  private void file(String name, String mode) throws IOException {
    Path file = data.resolve(name);
    Files.createDirectories(file.getParent());
    Files.writeString(file, "x");
    mode(name, mode);
  }

  private void mode(String name, String mode) throws IOException {
    Files.setPosixFilePermissions(data.resolve(name), PosixFilePermissions.fromString(mode));
  }

  private List<Finding> secrecy() {
    Findings findings = new Findings();
    new Secrecy(data).examine(findings);
    return findings.all();
  }

  @Test
  void secrets_openToOthers_areNamed_wherever() throws IOException {
    file("operators.json", "rw-------");
    file("services/server/key.pem", "rw-------");
    file("trust/root.pem", "rw-r--r--");
    assertThat(secrecy()).extracting(Finding::verdict).containsOnly(Verdict.GOOD);
    mode("", "rwx------");
    mode("operators.json", "rw-r-----");
    assertThat(secrecy().get(0).seen()).isEqualTo("open to others: [operators.json]");
  }

  @Test
  void databases_areOpen_ifTheirFoldersAre() throws IOException {
    mode("", "rwxr-xr-x");
    file("enrollment/registry.mv.db", "rw-r--r--");
    file("broker/telemetry-journal/1", "rw-------");
    mode("enrollment", "rwx------");
    assertThat(secrecy()).extracting(Finding::verdict).containsOnly(Verdict.GOOD);
    mode("enrollment", "rwxr-xr-x");
    assertThat(secrecy().get(1).seen()).isEqualTo("open to others: [enrollment/registry.mv.db]");
    mode("", "rwx------");
    assertThat(secrecy()).extracting(Finding::verdict).containsOnly(Verdict.GOOD);
  }

  @Test
  void health_withoutItsProblems_isUnknown() throws IOException {
    JsonMapper json = JsonMapper.builder().build();
    assertThat(Machine.health(json.readTree("{}")).get(0).verdict()).isEqualTo(Verdict.UNKNOWN);
    assertThat(Machine.health(json.readTree("{\"problems\": {}}")).get(0).verdict())
        .isEqualTo(Verdict.GOOD);
    assertThat(Machine.health(json.readTree("{\"problems\": {\"crl\": \"old\"}}")))
        .singleElement()
        .isEqualTo(Finding.bad("health: crl", "old", "see docs/ for this part"));
  }

  @Test
  void disk_thatForgets_isBad_andAContainersIsDoubtful() {
    assertThat(Machine.kind("tmpfs").verdict()).isEqualTo(Verdict.BAD);
    assertThat(Machine.kind("overlay").verdict()).isEqualTo(Verdict.DOUBTFUL);
    assertThat(Machine.kind("ext4").verdict()).isEqualTo(Verdict.GOOD);
  }

  @Test
  void disk_thatFlushesInNoTime_isDoubtful_whateverItsWorst() {
    long[] took = new long[40];
    Arrays.fill(took, 14_000);
    took[0] = 5_000_000;
    assertThat(Machine.judge(took)).satisfies(finding -> {
      assertThat(finding.verdict()).isEqualTo(Verdict.DOUBTFUL);
      assertThat(finding.seen()).isEqualTo("0.01 ms in the median, 5.00 ms at worst");
    });
    Arrays.fill(took, 800_000);
    took[0] = 1_000;
    assertThat(Machine.judge(took))
        .isEqualTo(Finding.good("disk: flush", "0.80 ms in the median, 0.80 ms at worst"));
  }

  @Test
  void disk_mountedWithoutBarriers_isBad_ifTheDataAreOnIt() {
    List<String> mounts = List.of(
        "overlay / overlay rw,relatime 0 0",
        "/dev/sda1 /srv/the\\040data ext4 rw,relatime,barrier=1 0 0",
        "/dev/sdb1 /srv ext4 rw,nobarrier 0 0",
        "/dev/sdc1 /srv2 btrfs rw,barrier=0 0 0");
    assertThat(Machine.barriers(mounts, Path.of("/srv/muster"))).satisfies(finding -> {
      assertThat(finding.verdict()).isEqualTo(Verdict.BAD);
      assertThat(finding.seen()).isEqualTo("ext4 on /srv, mounted without");
    });
    assertThat(Machine.barriers(mounts, Path.of("/srv2/muster")).verdict()).isEqualTo(Verdict.BAD);
    assertThat(Machine.barriers(mounts, Path.of("/srv/the data/muster")))
        .isEqualTo(Finding.good("disk: barriers", "ext4 on /srv/the data"));
    assertThat(Machine.barriers(mounts, Path.of("/home")))
        .isEqualTo(Finding.good("disk: barriers", "overlay on /"));
    assertThat(Machine.barriers(List.of(), Path.of("/home")).verdict()).isEqualTo(Verdict.UNKNOWN);
  }

  @Test
  void flush_leavesNothingBehind_andSaysWhereItMayNotWrite() throws IOException {
    assertThat(Machine.flush(data).verdict()).isIn(Verdict.GOOD, Verdict.DOUBTFUL);
    try (Stream<Path> files = Files.list(data)) {
      assertThat(files).isEmpty();
    }
    assertThat(Machine.flush(data.resolve("nothing"))).satisfies(finding -> {
      assertThat(finding.verdict()).isEqualTo(Verdict.BAD);
      assertThat(finding.advice()).contains("must be writable");
    });
  }

  @Test
  void space_isJudgedByWhatIsLeft() {
    long mebibyte = 1L << 20;
    assertThat(Machine.space(255 * mebibyte))
        .isEqualTo(Finding.bad(
            "disk: space", "255 MiB free", "nothing is acknowledged on a full disk: make room"));
    assertThat(Machine.space(256 * mebibyte).verdict()).isEqualTo(Verdict.DOUBTFUL);
    assertThat(Machine.space(2_047 * mebibyte).verdict()).isEqualTo(Verdict.DOUBTFUL);
    assertThat(Machine.space(2_048 * mebibyte).verdict()).isEqualTo(Verdict.GOOD);
  }

  private static List<Finding> runtime(String told) throws IOException {
    return Machine.runtime(JsonMapper.builder().build().readTree(told));
  }

  @Test
  void runtime_isThatOfTheServer_andNativeTlsIsMissed() throws IOException {
    String java = "{\"java\": \"17.0.9 VM\", \"os\": \"Linux amd64\", \"processors\": 2, ";
    Finding told = Finding.good("Java (of the server)", "17.0.9 VM, Linux amd64, 2 processors");
    assertThat(runtime(java + "\"cryptography\": \"Conscrypt 2.5.2\"}"))
        .containsExactly(told, Finding.good("native TLS (of enrollment)", "Conscrypt 2.5.2"));
    assertThat(runtime(java + "\"cryptography\": \"JDK\"}")).first().isEqualTo(told);
    assertThat(runtime(java + "\"cryptography\": \"JDK\"}").get(1).verdict())
        .isEqualTo(Verdict.DOUBTFUL);
    assertThat(runtime(java + "\"cryptography\": null}")).containsExactly(told);
    assertThat(Machine.runtime(MissingNode.getInstance()))
        .singleElement()
        .extracting(Finding::verdict)
        .isEqualTo(Verdict.UNKNOWN);
  }

  /** All of 127/8 is this machine (RFC 1122, 3.2.1.3): another address stands for the outside. */
  @Test
  void ports_openToOthers_areTold_andOpenNumbersAreDoubtful() throws IOException {
    Ports ports = new Ports(List.of(InetAddress.getByName("127.0.0.2")));
    try (ServerSocket here = new ServerSocket(0, 9, InetAddress.getByName("127.0.0.1"));
        ServerSocket everywhere = new ServerSocket(0)) {
      int own = here.getLocalPort();
      int open = everywhere.getLocalPort();
      assertThat(ports.examine(Map.of("metrics", own)))
          .containsExactly(Finding.good("port: metrics", own + ", for this machine alone"));
      assertThat(ports.examine(Map.of("mqtt", open)))
          .containsExactly(
              Finding.good("port: mqtt", open + ", open to whoever reaches 127.0.0.2"));
      assertThat(ports.examine(Map.of("metrics", open))).singleElement().satisfies(finding -> {
        assertThat(finding.verdict()).isEqualTo(Verdict.DOUBTFUL);
        assertThat(finding.advice()).contains("metricsHost");
      });
    }
    assertThat(ports.examine(Map.of("est", Door.closed())))
        .singleElement()
        .extracting(Finding::verdict)
        .isEqualTo(Verdict.BAD);
  }

  @Test
  void look_thatFails_takesNoOtherWithIt() {
    Findings findings = new Findings();
    findings.look("one", () -> {
      throw new IllegalStateException("a broken file");
    });
    findings.look("two", () -> Finding.good("two", "fine"));
    assertThat(findings.all())
        .containsExactly(
            Finding.unknown("one", "not examined: a broken file"), Finding.good("two", "fine"));
  }
}
