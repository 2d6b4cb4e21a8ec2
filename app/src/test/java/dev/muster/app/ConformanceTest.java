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
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Some pages of the docs name tests: each of them is there. */
class ConformanceTest {
  private static final Path ROOT = Path.of(System.getProperty("muster.root"));
  private static final Pattern NAMED = Pattern.compile("`([A-Z]\\w+)#(\\w+)`");

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
