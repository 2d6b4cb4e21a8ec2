/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.command;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.muster.app.doctor.Doctor;
import dev.muster.app.doctor.Finding;
import dev.muster.app.doctor.Finding.Verdict;
import java.io.PrintStream;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code muster doctor}. */
@Command(
    name = "doctor",
    description = {
      "Examine the muster that runs on a data directory: who gets in, what it offers, what will end.",
      "Each run leaves behind one revoked certificate, of a name that begins with doctor-.",
      "Exit code 0: nothing is bad, 1: something is, 3: no muster runs there that could be examined."
    },
    exitCodeOnExecutionException = DoctorCommand.NOT_EXAMINED)
public final class DoctorCommand implements Callable<Integer> {
  static final int NOT_EXAMINED = 3;
  private static final JsonMapper JSON = JsonMapper.builder().build();

  @Option(
      names = "--data",
      paramLabel = "DIR",
      defaultValue = "muster-data",
      description = "Its data directory (default: ${DEFAULT-VALUE}).")
  Path data = Path.of("muster-data");

  @Option(
      names = "--read-only",
      description =
          "Change nothing: without the certificate that is issued, tried, revoked and tried again, "
              + "and without the file that is written to see how fast the disk flushes.")
  boolean readOnly;

  @Option(names = "--json", description = "Print the findings as JSON.")
  boolean json;

  @Override
  public Integer call() {
    List<Finding> findings = new Doctor(data, Clock.systemUTC(), !readOnly).examine();
    if (json) {
      System.out.println(toJson(findings).toPrettyString());
    } else {
      show(findings, System.out);
    }
    return count(findings, Verdict.BAD) == 0 ? 0 : 1;
  }

  private static long count(List<Finding> findings, Verdict verdict) {
    return findings.stream().filter(finding -> finding.verdict() == verdict).count();
  }

  private static String name(Verdict verdict) {
    return verdict.name().toLowerCase(Locale.ROOT);
  }

  private static ObjectNode toJson(List<Finding> findings) {
    ObjectNode result = JSON.createObjectNode();
    result.put("good", count(findings, Verdict.BAD) == 0);
    ArrayNode list = result.putArray("findings");
    findings.forEach(finding -> list.addObject()
        .put("verdict", name(finding.verdict()))
        .put("check", finding.check())
        .put("seen", finding.seen())
        .put("advice", finding.advice()));
    return result;
  }

  private static void show(List<Finding> findings, PrintStream out) {
    int width =
        findings.stream().mapToInt(finding -> finding.check().length()).max().orElse(0);
    for (Finding finding : findings) {
      out.printf(
          "%-9s %-" + width + "s  %s%n", name(finding.verdict()), finding.check(), finding.seen());
      if (finding.advice() != null) {
        out.printf("%-9s %-" + width + "s  -> %s%n", "", "", finding.advice());
      }
    }
    out.printf(
        "%d good, %d doubtful, %d bad, %d unknown%n",
        count(findings, Verdict.GOOD),
        count(findings, Verdict.DOUBTFUL),
        count(findings, Verdict.BAD),
        count(findings, Verdict.UNKNOWN));
  }
}
