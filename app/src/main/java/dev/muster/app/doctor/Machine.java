/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.doctor;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/** What it runs on, and what it says of itself. */
final class Machine {
  private static final Set<String> FORGETFUL = Set.of("tmpfs", "ramfs", "devtmpfs");
  private static final String FLUSH = "disk: flush";
  private static final String SPACE = "disk: space";
  /** As Linux and macOS put it. */
  private static final String DISK_FULL = "No space left";

  private static final Path MOUNTS = Path.of("/proc/self/mounts");
  private static final Set<String> WITHOUT_BARRIERS = Set.of("nobarrier", "barrier=0");

  private static final int FLUSHES = 40;
  private static final long FASTEST_DISK_NS = 15_000;
  private static final long LEAST_FREE = 256L << 20;
  private static final long ENOUGH_FREE = 2L << 30;

  private final Patient patient;
  private final boolean mayChange;

  /** @param mayChange whether a file may be written to see how fast the disk flushes */
  Machine(Patient patient, boolean mayChange) {
    this.patient = patient;
    this.mayChange = mayChange;
  }

  /** @param health as the operator API tells it */
  void examine(Findings findings, JsonNode health) {
    findings.lookAround("health", () -> health(health));
    findings.look("disk: kind", () -> kind(Files.getFileStore(patient.data()).type()));
    findings.look(
        FLUSH,
        () ->
            mayChange ? flush(patient.data()) : Finding.unknown(FLUSH, "not tried (--read-only)"));
    if (Files.isReadable(MOUNTS)) {
      findings.look(
          "disk: barriers",
          () -> barriers(Files.readAllLines(MOUNTS), patient.data().toRealPath()));
    }
    findings.look(SPACE, () -> space(patient.data().toFile().getUsableSpace()));
    findings.lookAround("Java (of the server)", () -> runtime(health.path("runtime")));
    findings.look("Java (of this command)", Machine::java);
  }

  static List<Finding> health(JsonNode answer) {
    JsonNode problems = answer.path("problems");
    if (!problems.isObject()) {
      return List.of(Finding.unknown("health", "an answer without problems: " + answer));
    }
    if (problems.isEmpty()) {
      return List.of(Finding.good("health", "no problems"));
    }
    return problems.properties().stream()
        .map(one -> Finding.bad(
            "health: " + one.getKey(), one.getValue().asText(), "see docs/ for this part"))
        .toList();
  }

  static Finding kind(String type) {
    String check = "disk: kind";
    if (FORGETFUL.contains(type)) {
      return Finding.bad(
          check, type, "it forgets everything at a restart: move the data directory");
    }
    return type.startsWith("overlay")
        ? Finding.doubtful(
            check, type, "a container's own layer goes with the container: mount a volume")
        : Finding.good(check, type);
  }

  /**
   * Whether the file system has the disk empty its cache at a flush (ext4(5), btrfs(5)).
   *
   * @param mounts as proc(5) has them
   */
  static Finding barriers(List<String> mounts, Path data) {
    String check = "disk: barriers";
    return mounts.stream()
        .map(line -> line.split(" "))
        .filter(mount -> mount.length > 3 && data.startsWith(Path.of(unescaped(mount[1]))))
        // Of those on one directory, the last lies on top.
        .reduce(
            (one, next) -> unescaped(next[1]).length() < unescaped(one[1]).length() ? one : next)
        .map(mount -> {
          List<String> options = List.of(mount[3].split(","));
          String seen = mount[2] + " on " + unescaped(mount[1]);
          return options.stream().anyMatch(WITHOUT_BARRIERS::contains)
              ? Finding.bad(
                  check,
                  seen + ", mounted without",
                  "what is acknowledged is lost with the power: mount it with barrier=1")
              : Finding.good(check, seen);
        })
        .orElse(Finding.unknown(check, "on no file system that is known"));
  }

  private static String unescaped(String mountPoint) {
    return mountPoint.replace("\\040", " ").replace("\\134", "\\");
  }

  static Finding flush(Path data) {
    long[] took = new long[FLUSHES];
    try {
      write(data.resolve("doctor.tmp"), took);
    } catch (IOException e) {
      String seen = String.valueOf(e.getMessage());
      return Finding.bad(
          FLUSH,
          seen,
          seen.contains(DISK_FULL)
              ? "the disk is full: make room"
              : "the data directory must be writable");
    }
    return judge(took);
  }

  private static void write(Path file, long[] took) throws IOException {
    try (FileChannel channel = FileChannel.open(
        file,
        StandardOpenOption.CREATE,
        StandardOpenOption.WRITE,
        StandardOpenOption.DELETE_ON_CLOSE)) {
      for (int i = 0; i < took.length; i++) {
        long start = System.nanoTime();
        channel.write(ByteBuffer.allocate(4_096));
        channel.force(false);
        took[i] = System.nanoTime() - start;
      }
    }
  }

  /** No disk keeps anything in a few microseconds: what says so has not asked it. */
  static Finding judge(long[] tookNs) {
    long[] took = tookNs.clone();
    Arrays.sort(took);
    long median = took[took.length / 2];
    String seen = String.format(
        Locale.ROOT,
        "%.2f ms in the median, %.2f ms at worst",
        median / 1e6,
        took[took.length - 1] / 1e6);
    return median < FASTEST_DISK_NS
        ? Finding.doubtful(
            FLUSH, seen, "no disk is that fast: is it a memory, or does something not pass it on?")
        : Finding.good(FLUSH, seen);
  }

  /** @param free in bytes */
  static Finding space(long free) {
    String seen = (free >> 20) + " MiB free";
    if (free < LEAST_FREE) {
      return Finding.bad(SPACE, seen, "nothing is acknowledged on a full disk: make room");
    }
    return free < ENOUGH_FREE
        ? Finding.doubtful(SPACE, seen, "make room, or shorten telemetry.retention")
        : Finding.good(SPACE, seen);
  }

  private static Finding java() {
    return Finding.good(
        "Java (of this command)",
        Runtime.version() + ", " + System.getProperty("java.vm.name") + ", "
            + System.getProperty("os.name") + " " + System.getProperty("os.arch") + ", "
            + Runtime.getRuntime().availableProcessors() + " processors");
  }

  /** @param told by the server, which may run in another Java than this command */
  static List<Finding> runtime(JsonNode told) {
    String check = "Java (of the server)";
    if (!told.isObject()) {
      return List.of(
          Finding.unknown(check, "it does not tell: of another version than this command"));
    }
    Finding java = Finding.good(
        check,
        told.path("java").asText() + ", " + told.path("os").asText() + ", "
            + told.path("processors").asText() + " processors");
    return told.hasNonNull("cryptography")
        ? List.of(java, cryptography(told.path("cryptography").asText()))
        : List.of(java);
  }

  private static Finding cryptography(String used) {
    String check = "native TLS (of enrollment)";
    return used.startsWith("Conscrypt")
        ? Finding.good(check, used)
        : Finding.doubtful(
            check,
            "Conscrypt is not used, but " + used,
            "enrollment is slower, and requests cannot be linked to their connection");
  }
}
