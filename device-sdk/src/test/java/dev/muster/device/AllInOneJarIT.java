/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.muster.device.testing.EstDouble;
import dev.muster.device.testing.Mosquitto;
import dev.muster.device.testing.TestFleet;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.zip.ZipFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The jar that brings its libraries along, in a program that has no others but SLF4J. */
class AllInOneJarIT {
  private static final long MAX_BYTES = 1_000_000;

  @TempDir
  Path folder;

  private static Path jar() throws IOException {
    try (Stream<Path> files = Files.list(Path.of("target"))) {
      return files
          .filter(file -> file.getFileName().toString().endsWith("-all.jar"))
          .findFirst()
          .orElseThrow();
    }
  }

  @ParameterizedTest
  @EnumSource
  void allInOneJar_alone_enrollsAndPublishes(MqttClient client) throws Exception {
    TestFleet fleet = new TestFleet(folder);
    Path out = folder.resolve("out");
    try (EstDouble est = new EstDouble(fleet);
        Mosquitto broker = Mosquitto.start(fleet)) {
      Process program = KillChild.start(
          classPath(),
          fleet,
          folder.resolve("state"),
          est.uri().toString(),
          broker.uri().toString(),
          client,
          out);
      try {
        await()
            .atMost(Duration.ofSeconds(60))
            .untilAsserted(() -> assertThat(Files.readString(out))
                .as("%s", Files.readString(folder.resolve("out.err")))
                .contains("A "));
      } finally {
        program.destroyForcibly().waitFor();
      }
    }
  }

  private static String classPath() throws IOException {
    String logging = Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
        .filter(entry -> entry.matches(".*(slf4j-api|logback)[^/]*\\.jar"))
        .collect(Collectors.joining(File.pathSeparator));
    return String.join(
        File.pathSeparator,
        jar().toString(),
        logging,
        Path.of("target/test-classes").toAbsolutePath().toString());
  }

  @Test
  void allInOneJar_isSmallAndMeetsNoOtherVersionOfItsLibraries() throws IOException {
    assertThat(Files.size(jar())).isLessThanOrEqualTo(MAX_BYTES);
    try (ZipFile zip = new ZipFile(jar().toFile())) {
      List<String> classes = zip.stream()
          .map(Object::toString)
          .filter(name -> name.endsWith(".class"))
          .toList();
      assertThat(classes).allMatch(name -> name.startsWith("dev/muster/"));
    }
  }

  @Test
  void allInOneJar_holdsItsLicenseAndThoseOfItsLibraries() throws IOException {
    try (ZipFile zip = new ZipFile(jar().toFile())) {
      assertThat(text(zip, "META-INF/LICENSE")).isEqualTo(Files.readString(Path.of("../LICENSE")));
      String notice = text(zip, "META-INF/NOTICE");
      assertThat(notice).contains("The Muster Authors");
      assertThat(zip.stream()
              .map(Object::toString)
              .filter(name -> name.matches("dev/muster/device/shaded/[^/]+/"))
              .map(name -> name.replace('/', '.').replaceFirst("\\.$", "")))
          .hasSize(2)
          .allSatisfy(shaded -> assertThat(notice).contains(shaded));
      assertThat(text(zip, "META-INF/LICENSE.md")).contains("Bouncy Castle", "MIT License");
      assertThat(text(zip, "META-INF/EDL-1.0.txt")).contains("Eclipse Foundation", "binary form");
      assertThat(text(zip, "about.html")).contains("Eclipse Public License");
    }
  }

  private static String text(ZipFile zip, String name) throws IOException {
    try (InputStream in = zip.getInputStream(zip.getEntry(name))) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }
}
