/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.extension;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** HiveMQ CE in a process of its own, by the main class of its distribution. */
final class StandAloneHiveMq implements AutoCloseable {
  private final Process process;
  private final Path log;

  private StandAloneHiveMq(Process process, Path log) {
    this.process = process;
    this.log = log;
  }

  /** Starts it and waits until it serves. @param home with conf and extensions */
  static StandAloneHiveMq start(Path home, Map<String, String> environment) throws IOException {
    Path log = Files.createTempFile(home, "hivemq", ".log");
    List<String> command = List.of(
        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
        "-XX:+UseSerialGC",
        "-XX:TieredStopAtLevel=1",
        "-Dhivemq.home=" + home,
        "-cp",
        classPath(home.resolve("extensions/muster/lib")),
        "com.hivemq.HiveMQServer");
    ProcessBuilder builder = new ProcessBuilder(command)
        .directory(home.toFile())
        .redirectErrorStream(true)
        .redirectOutput(log.toFile());
    builder.environment().putAll(environment);
    StandAloneHiveMq hiveMq = new StandAloneHiveMq(builder.start(), log);
    try {
      await().atMost(Duration.ofSeconds(90)).untilAsserted(() -> {
        assertThat(hiveMq.process.isAlive()).as(hiveMq.log()).isTrue();
        assertThat(hiveMq.log()).contains("Started HiveMQ in");
      });
    } catch (AssertionError | RuntimeException e) {
      hiveMq.close();
      throw e;
    }
    return hiveMq;
  }

  /**
   * What HiveMQ brings itself: of our class path, that which is not the extension's, and those
   * libraries that both have. So a library that is missing in the extension is missing.
   */
  private static String classPath(Path extensionLibraries) throws IOException {
    Set<String> ours;
    try (Stream<Path> files = Files.list(extensionLibraries)) {
      ours = files.map(file -> file.getFileName().toString()).collect(Collectors.toSet());
    }
    List<String> theirs = new ArrayList<>();
    for (String entry : System.getProperty("java.class.path").split(File.pathSeparator)) {
      String name = Path.of(entry).getFileName().toString();
      boolean both = name.startsWith("netty-")
          || Stream.of("core", "annotations", "databind")
              .anyMatch(part -> name.startsWith("jackson-" + part));
      if (name.endsWith(".jar") && !name.startsWith("muster-") && (both || !ours.contains(name))) {
        theirs.add(entry);
      }
    }
    return String.join(File.pathSeparator, theirs);
  }

  String log() {
    try {
      return Files.readString(log);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Ends it as an operator does, and waits. */
  void stop() {
    process.destroy();
    await().atMost(Duration.ofSeconds(60)).until(() -> !process.isAlive());
  }

  /** Ends it as a power cut does, and waits. */
  @Override
  public void close() {
    process.destroyForcibly();
    await().atMost(Duration.ofSeconds(60)).until(() -> !process.isAlive());
  }
}
