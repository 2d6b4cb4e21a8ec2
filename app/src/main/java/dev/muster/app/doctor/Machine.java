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
import java.nio.file.attribute.PosixFilePermission;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.conscrypt.Conscrypt;

/** What it runs on, and what it says of itself. */
final class Machine {
  private static final Set<String> FORGETFUL = Set.of("tmpfs", "ramfs", "devtmpfs");
  private static final int FLUSHES = 40;
  private static final long FASTEST_DISK_NS = 15_000;
  private static final long LEAST_FREE = 256L << 20;
  private static final long ENOUGH_FREE = 2L << 30;

  private final Patient patient;

  Machine(Patient patient) {
    this.patient = patient;
  }

  List<Finding> examine() {
    List<Finding> findings = new ArrayList<>(health());
    findings.add(secrets());
    findings.add(disk());
    findings.add(flush());
    findings.add(space());
    findings.add(java());
    findings.add(conscrypt());
    return findings;
  }

  private List<Finding> health() {
    JsonNode problems = patient.operator().get("health").path("problems");
    if (problems.isEmpty()) {
      return List.of(Finding.good("health", "no problems"));
    }
    List<Finding> findings = new ArrayList<>();
    problems
        .properties()
        .forEach(one -> findings.add(Finding.bad(
            "health: " + one.getKey(), one.getValue().asText(), "see docs/ for this part")));
    return findings;
  }

  private Finding secrets() {
    String check = "files: keys and tokens";
    List<String> open = new ArrayList<>();
    try (Stream<Path> files = Files.walk(patient.data())) {
      for (Path file : (Iterable<Path>) files.filter(Machine::isSecret)::iterator) {
        if (Files.getPosixFilePermissions(file).stream().anyMatch(Machine::isForOthers)) {
          open.add(patient.data().relativize(file).toString());
        }
      }
    } catch (IOException | UnsupportedOperationException e) {
      return Finding.unknown(check, "permissions cannot be read: " + e.getMessage());
    }
    return open.isEmpty()
        ? Finding.good(check, "for their owner alone")
        : Finding.bad(
            check, "open to others: " + open, "chmod 600 them, and replace what was read");
  }

  private static boolean isSecret(Path file) {
    String name = file.getFileName().toString();
    return Files.isRegularFile(file)
        && (name.endsWith(".p12")
            || name.endsWith("key.pem")
            || name.contains("token")
            || name.endsWith("password"));
  }

  private static boolean isForOthers(PosixFilePermission permission) {
    return !permission.name().startsWith("OWNER_");
  }

  private Finding disk() {
    try {
      String type = Files.getFileStore(patient.data()).type();
      return FORGETFUL.contains(type)
          ? Finding.bad(
              "disk: kind", type, "it forgets everything at a restart: move the data directory")
          : Finding.good("disk: kind", type);
    } catch (IOException e) {
      return Finding.unknown("disk: kind", String.valueOf(e.getMessage()));
    }
  }

  /** No disk keeps anything in a few microseconds: what says so has not asked it. */
  private Finding flush() {
    String check = "disk: flush";
    Path file = patient.data().resolve("doctor.tmp");
    long[] took = new long[FLUSHES];
    try (FileChannel channel = FileChannel.open(
        file,
        StandardOpenOption.CREATE,
        StandardOpenOption.WRITE,
        StandardOpenOption.DELETE_ON_CLOSE)) {
      for (int i = 0; i < FLUSHES; i++) {
        long start = System.nanoTime();
        channel.write(ByteBuffer.allocate(4_096));
        channel.force(false);
        took[i] = System.nanoTime() - start;
      }
    } catch (IOException e) {
      return Finding.bad(
          check, String.valueOf(e.getMessage()), "the data directory must be writable");
    }
    Arrays.sort(took);
    long median = took[FLUSHES / 2];
    String seen = String.format(
        "%.2f ms in the median, %.2f ms at worst", median / 1e6, took[FLUSHES - 1] / 1e6);
    return median < FASTEST_DISK_NS
        ? Finding.doubtful(
            check, seen, "no disk is that fast: is it a memory, or does something not pass it on?")
        : Finding.good(check, seen);
  }

  private Finding space() {
    long free = patient.data().toFile().getUsableSpace();
    String seen = (free >> 20) + " MiB free";
    if (free < LEAST_FREE) {
      return Finding.bad("disk: space", seen, "nothing is acknowledged on a full disk: make room");
    }
    return free < ENOUGH_FREE
        ? Finding.doubtful("disk: space", seen, "make room, or shorten telemetry.retention")
        : Finding.good("disk: space", seen);
  }

  private static Finding java() {
    return Finding.good(
        "Java (of this command)",
        Runtime.version() + ", " + System.getProperty("java.vm.name") + ", "
            + System.getProperty("os.name") + " " + System.getProperty("os.arch") + ", "
            + Runtime.getRuntime().availableProcessors() + " processors");
  }

  private static Finding conscrypt() {
    String check = "native TLS (Conscrypt)";
    return Conscrypt.isAvailable()
        ? Finding.good(check, "loads here")
        : Finding.doubtful(
            check,
            "does not load here: Java's own TLS is used",
            "enrollment is slower, and requests cannot be linked to their connection");
  }
}
