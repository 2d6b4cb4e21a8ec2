/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Some pages of the docs name tests: each of them is there. */
class ConformanceTest {
  private static final Path ROOT = Path.of(System.getProperty("muster.root"));
  private static final Pattern NAMED = Pattern.compile("`([A-Z]\\w+)#(\\w+)`");

  /** A row with the numbers of its demand, and a test or a reason in the last column. */
  private static final Pattern ROW = Pattern.compile(
      "\\|.* \\[([A-Z]\\d+(?:, [A-Z]\\d+)*)] \\| .*(?:`\\w+#\\w+`|none: \\w+).*\\|");

  /** Those of the checklist that are a MUST; what its letters stand for is told in the page. */
  private static final List<String> MUSTS =
      List.of(("E1 E2 E3 E4 E5 E7 E8 E10 E11 C2 C3 C5 C6 N1 N2 N3 N4 N5 N6 N7 N8 N9 N10"
              + " P1 P3 P4 P6 P7 P8 P10 P11 K1 K2 K3 K4 K5 A1 A3 A4 A5 A6 A7 A8 H1"
              + " D1 D2 D3 D4 D5 D6 D8 D10 D11 D13 X1 X2 X3 X4 X5 X6 X8 X9 X10 X11 X12 X14 X15"
              + " O1 O2 O3 O4 O6 O8 I1 I3")
          .split(" "));

  private static final List<String> MODULES = List.of(
      "protocol",
      "device-sdk",
      "device-sdk-coap",
      "hardware",
      "dtls",
      "coap",
      "enrollment-service",
      "broker",
      "hivemq-extension",
      "simulator",
      "app");

  @ParameterizedTest
  @CsvSource({"conformance.md, 50", "threat-model.md, 25"})
  void everyTestThatItNames_exists(String page, int least) throws IOException {
    Map<String, String> sources = sources();
    List<MatchResult> named = NAMED
        .matcher(Files.readString(ROOT.resolve("docs").resolve(page)))
        .results()
        .toList();
    assertThat(named).hasSizeGreaterThan(least);
    assertThat(named)
        .allSatisfy(test -> assertThat(sources.getOrDefault(test.group(1), ""))
            .as(test.group())
            .containsPattern("  (void|List<DynamicTest>) " + test.group(2) + "\\("));
  }

  @Test
  void everyMustOfTheChecklist_isInARowWithATestOrAReason() throws IOException {
    Set<String> shown = Files.readAllLines(ROOT.resolve("docs/conformance.md")).stream()
        .map(ROW::matcher)
        .filter(Matcher::matches)
        .flatMap(row -> Stream.of(row.group(1).split(", ")))
        .collect(Collectors.toSet());
    assertThat(shown).containsAll(MUSTS);
  }

  private static Map<String, String> sources() throws IOException {
    try (Stream<Path> files = MODULES.stream().flatMap(ConformanceTest::tests)) {
      return files.collect(Collectors.toMap(
          file -> file.getFileName().toString().replace(".java", ""),
          ConformanceTest::read,
          String::concat));
    }
  }

  private static Stream<Path> tests(String module) {
    try {
      return Files.walk(ROOT.resolve(module).resolve("src/test"))
          .filter(file -> file.toString().endsWith(".java"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
