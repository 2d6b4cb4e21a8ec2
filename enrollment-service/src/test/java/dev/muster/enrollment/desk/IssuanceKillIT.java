/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.desk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.muster.enrollment.audit.AuditEntry;
import dev.muster.enrollment.audit.AuditVerifier;
import dev.muster.enrollment.inventory.CertificateRecord;
import dev.muster.enrollment.inventory.CertificateStatus;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Killed in the middle of issuing, again and again: registry, audit log, what was signed of it, and
 * CRL agree, and nobody was told of a certificate or a signature that is not in all of them.
 * {@code -Dkill.rounds=200} for the long form.
 */
class IssuanceKillIT {
  private static final int ROUNDS = Integer.getInteger("kill.rounds", 3);
  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir
  Path folder;

  @Test
  void kill9_atRandom_registryAuditLogAndCrlAgree() throws Exception {
    long seed = Long.getLong("seed", System.nanoTime());
    Random random = new Random(seed);
    Set<String> issued = new HashSet<>();
    Set<String> revoked = new HashSet<>();
    Map<Long, byte[]> signed = new TreeMap<>();
    new DeskBench(folder).close();
    for (int round = 0; round < ROUNDS; round++) {
      Path output = folder.resolve("told-" + round);
      killed(output, round, 1 + random.nextInt(60));
      told(output, "issued").forEach(issued::add);
      told(output, "revoked").forEach(revoked::add);
      String as = "seed " + seed + " round " + round;
      check(as, issued, revoked);
      checkSigned(as, told(output, "signed"), signed);
    }
    assertThat(issued).hasSizeGreaterThan(ROUNDS);
  }

  private void killed(Path output, int round, int enough) throws Exception {
    Process process = new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-XX:TieredStopAtLevel=1",
            "-cp",
            System.getProperty("java.class.path"),
            IssuingProgram.class.getName(),
            folder.toString(),
            Integer.toString(round))
        .redirectError(
            ProcessBuilder.Redirect.appendTo(folder.resolve("errors.txt").toFile()))
        .redirectOutput(output.toFile())
        .start();
    try {
      await()
          .pollInterval(Duration.ofMillis(5))
          .atMost(Duration.ofSeconds(60))
          .until(() -> told(output, "issued").size() >= enough);
    } finally {
      process.destroyForcibly().waitFor();
    }
  }

  /** Whole lines only: the kill may have cut the last one. */
  private static List<String> told(Path output, String what) throws IOException {
    return Files.readAllLines(output).stream()
        .map(line -> line.split(" "))
        .filter(words -> words.length == 3 && words[0].equals(what))
        .map(words -> words[1])
        .toList();
  }

  private void check(String as, Set<String> issued, Set<String> revoked) throws IOException {
    try (DeskBench bench = new DeskBench(folder)) {
      List<CertificateRecord> records = new ArrayList<>();
      bench.registry.read(tables -> {
        String after = "";
        List<CertificateRecord> page;
        do {
          page = tables.certificates().page(after, 1000);
          records.addAll(page);
          after = page.isEmpty() ? after : page.get(page.size() - 1).serial();
        } while (!page.isEmpty());
        return after;
      });
      Set<String> kept = serials(records.stream().toList());
      assertThat(kept).as(as).containsAll(issued);

      List<AuditEntry> log = entries(bench);
      assertThat(logged(log, "certificate.issued")).as(as).isEqualTo(kept);

      Set<String> takenBack = serials(records.stream()
          .filter(record -> record.status() == CertificateStatus.REVOKED)
          .toList());
      assertThat(takenBack).as(as).containsAll(revoked);
      assertThat(bench.listed()).as(as).isEqualTo(takenBack);
    }
  }

  /** @param kept checkpoints of earlier rounds, as somebody else may have kept them; added to */
  private void checkSigned(String as, List<String> told, Map<Long, byte[]> kept) {
    try (DeskBench bench = new DeskBench(folder)) {
      bench.checkpoints().forEach(found -> kept.putIfAbsent(found.seq(), found.signed()));
      List<AuditEntry> log = entries(bench);
      AuditVerifier verifier = new AuditVerifier(
          List.copyOf(kept.values()), List.of(bench.authorities.root()), Set.of());
      log.forEach(verifier::next);
      AuditVerifier.Report report = verifier.finish();
      assertThat(report.entries()).as(as).isEqualTo(log.size());
      assertThat(told)
          .as(as)
          .isNotEmpty()
          .allMatch(entry -> Long.parseLong(entry) <= report.signedUpTo());
    }
  }

  private static Set<String> serials(List<CertificateRecord> records) {
    return records.stream().map(CertificateRecord::serial).collect(Collectors.toSet());
  }

  private static List<AuditEntry> entries(DeskBench bench) {
    List<AuditEntry> log = new ArrayList<>();
    List<AuditEntry> page;
    do {
      long after = log.size();
      page = bench.registry.read(tables -> tables.audit().page(after, 1000));
      log.addAll(page);
    } while (!page.isEmpty());
    return log;
  }

  private static Set<String> logged(List<AuditEntry> log, String action) throws IOException {
    Set<String> serials = new HashSet<>();
    for (AuditEntry entry : log) {
      JsonNode json = JSON.readTree(entry.text());
      if (json.path("action").asText().equals(action)) {
        serials.add(json.path("details").path("serial").asText());
      }
    }
    return serials;
  }
}
