/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.bench;

import dev.muster.broker.BenchBroker;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;

/**
 * A server to be measured, in a process of its own and on a core of its own, and what it has used
 * of it.
 */
final class BenchProcess implements AutoCloseable {
  private static final int TICKS_PER_SECOND = 100;
  private static final int CORES = Runtime.getRuntime().availableProcessors();

  /** Where a flight recording of our broker goes; empty: there is none. */
  static final String RECORDING = System.getProperty("bench.jfr", "");

  private final Process process;
  private final Path log;

  private BenchProcess(Process process, Path log) {
    this.process = process;
    this.log = log;
  }

  /** This process, and the threads that it will have, keep off the servers' core. */
  static void leaveServersAlone() throws IOException {
    if (CORES > 1) {
      run(
          "taskset",
          "-acp",
          "1-" + (CORES - 1),
          Long.toString(ProcessHandle.current().pid()));
    }
  }

  private static void run(String... command) throws IOException {
    try {
      new ProcessBuilder(command).start().waitFor();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** A Java program on our class path, with the same options for all that are compared. */
  static BenchProcess java(Path log, Class<?> program, String... arguments) throws IOException {
    List<String> command = new ArrayList<>(
        List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-Xmx1g"));
    // Else a twentieth of the heap may be left over, and counts as arrays of int.
    command.add("-XX:MarkSweepDeadRatio=0");
    String more = System.getProperty("bench.jvm." + program.getSimpleName(), "");
    if (!more.isEmpty()) {
      command.addAll(List.of(more.split(" ")));
    }
    if (program == BenchBroker.class && !RECORDING.isEmpty()) {
      command.add(
          "-XX:StartFlightRecording=settings=profile,dumponexit=true,filename=" + RECORDING);
    }
    command.addAll(List.of(
        "-cp",
        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
        program.getName()));
    command.addAll(List.of(arguments));
    return start(log, command);
  }

  static BenchProcess start(Path log, List<String> command) throws IOException {
    List<String> pinned = new ArrayList<>(List.of("taskset", "-c", "0"));
    pinned.addAll(command);
    return new BenchProcess(
        new ProcessBuilder(pinned)
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .start(),
        log);
  }

  /** Waits for a line of the output. @param prefix of the line. @return the rest of it */
  String await(String prefix) {
    return Awaitility.await()
        .atMost(Duration.ofMinutes(2))
        .until(
            () -> {
              if (!process.isAlive()) {
                throw new IllegalStateException("ended: " + Files.readString(log));
              }
              return Files.readAllLines(log).stream()
                  .filter(line -> line.startsWith(prefix))
                  .reduce("", (first, last) -> last);
            },
            line -> !line.isEmpty())
        .substring(prefix.length());
  }

  /** What is left on its heap after a collection. */
  long liveBytes() throws IOException {
    return liveBytesByClass().values().stream().mapToLong(Long::longValue).sum();
  }

  Map<String, Long> liveBytesByClass() throws IOException {
    Process jcmd = new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "jcmd").toString(),
            Long.toString(process.pid()),
            "GC.class_histogram")
        .start();
    Map<String, Long> bytes = new HashMap<>();
    try (BufferedReader lines = jcmd.inputReader()) {
      // Number, instances, bytes, class, module.
      lines
          .lines()
          .map(line -> line.strip().split("\\s+"))
          .filter(columns -> columns.length >= 4 && columns[0].endsWith(":"))
          .filter(columns -> Character.isDigit(columns[0].charAt(0)))
          .forEach(columns -> bytes.merge(columns[3], Long.parseLong(columns[2]), Long::sum));
    }
    return bytes;
  }

  /** What it has used of its core so far, in user and system mode (proc(5)). */
  double cpuSeconds() {
    try {
      String stat = Files.readString(Path.of("/proc/" + process.pid() + "/stat"));
      String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
      return (double) (Long.parseLong(fields[11]) + Long.parseLong(fields[12])) / TICKS_PER_SECOND;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Waits until it has nothing left to do for what it was sent: that counts, too. */
  void awaitIdle() throws InterruptedException {
    for (int second = 0; second < 60; second++) {
      double before = cpuSeconds();
      TimeUnit.SECONDS.sleep(1);
      if (cpuSeconds() - before < 0.05) {
        return;
      }
    }
  }

  @Override
  public void close() throws IOException {
    process.getOutputStream().close();
    try {
      if (!process.waitFor(20, TimeUnit.SECONDS)) {
        process.destroyForcibly();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
