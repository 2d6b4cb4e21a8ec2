/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.muster.app.doctor.Finding.Verdict;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
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
