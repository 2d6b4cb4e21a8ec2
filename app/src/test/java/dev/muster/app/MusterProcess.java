/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * The real {@code ./muster}, as a process of its own: what a user starts, and what can be killed.
 */
final class MusterProcess implements AutoCloseable {
  static final Path ROOT = Path.of(System.getProperty("muster.root")).toAbsolutePath();

  private final Process process;
  private final Path out;
  private final Path err;

  private MusterProcess(Process process, Path out, Path err) {
    this.process = process;
    this.out = out;
    this.err = err;
  }

  /** How a command ended. */
  record Ended(int exitCode, String stdout, String stderr) {
    Ended expect(int code) {
      assertThat(exitCode)
          .as("exit code; stdout: %s%nstderr: %s", stdout, stderr)
          .isEqualTo(code);
      assertThat(stderr).as("no stack trace at a user").doesNotContain("\tat ");
      return this;
    }
  }

  static MusterProcess start(Path folder, String... arguments) {
    return start(folder, Map.of(), arguments);
  }

  static MusterProcess start(Path folder, Map<String, String> environment, String... arguments) {
    List<String> command = new ArrayList<>(List.of(ROOT.resolve("muster").toString()));
    command.addAll(Arrays.asList(arguments));
    return startCommand(folder, environment, command);
  }

  /** Starts any command line, for a muster inside something else. */
  static MusterProcess startCommand(
      Path folder, Map<String, String> environment, List<String> command) {
    try {
      Path out = Files.createTempFile(folder, "muster", ".out");
      Path err = Files.createTempFile(folder, "muster", ".err");
      ProcessBuilder builder = new ProcessBuilder(command)
          .directory(folder.toFile())
          .redirectOutput(out.toFile())
          .redirectError(err.toFile());
      builder.environment().putAll(environment);
      return new MusterProcess(builder.start(), out, err);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Runs a command to its end, at most two minutes. */
  static Ended run(Path folder, String... arguments) {
    try (MusterProcess muster = start(folder, arguments)) {
      return muster.awaitEnd(Duration.ofMinutes(2));
    }
  }

  /** Waits for the line that says that all is served. */
  MusterProcess awaitReady() {
    await()
        .atMost(Duration.ofMinutes(3))
        .until(() -> !process.isAlive() || stdout().contains("ready "));
    assertThat(stdout()).as("stderr: %s", stderr()).contains("ready ");
    return this;
  }

  Ended awaitEnd(Duration limit) {
    try {
      assertThat(process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS))
          .as("ended within %s; stderr: %s", limit, stderr())
          .isTrue();
      return new Ended(process.exitValue(), stdout(), stderr());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  /**
   * SIGKILL: what a power cut looks like to a process. The launcher has replaced itself by the JVM,
   * so this is the JVM.
   */
  void kill() {
    process.destroyForcibly();
    awaitEnd(Duration.ofSeconds(10));
  }

  /** Types on the process's standard input. */
  void type(String keys) {
    try {
      process.getOutputStream().write(keys.getBytes(StandardCharsets.US_ASCII));
      process.getOutputStream().flush();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  long pid() {
    return process.pid();
  }

  boolean isAlive() {
    return process.isAlive();
  }

  /** SIGTERM. */
  void interrupt() {
    process.destroy();
  }

  /** @param name as {@code kill -s} takes it */
  void signal(String name) {
    startCommand(out.getParent(), Map.of(), List.of("kill", "-s", name, Long.toString(pid())))
        .awaitEnd(Duration.ofSeconds(10))
        .expect(0);
  }

  String stdout() {
    return read(out);
  }

  String stderr() {
    return read(err);
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() {
    if (process.isAlive()) {
      kill();
    }
  }
}
