/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.simulator;

import com.sun.management.OperatingSystemMXBean;
import java.io.BufferedReader;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The process of this machine that listens on a port, as Linux tells of it; elsewhere there is
 * none. Found by the port and not by a file of its own, so that it may be any broker's.
 */
public final class ServerProcess {
  private static final Path PROC = Path.of("/proc");
  private static final String LISTENS = "0A";
  /** What {@code sysconf(_SC_CLK_TCK)} is on every Linux there is. */
  private static final int TICKS_PER_SECOND = 100;

  private static final long JCMD_LIMIT_SECONDS = 20;

  private static final int USER_TICKS = 11;
  private static final int SYSTEM_TICKS = 12;

  private final Path process;

  private ServerProcess(Path process) {
    this.process = process;
  }

  /**
   * What a process took.
   *
   * @param cpu since it was started
   * @param residentBytes of memory, now
   */
  public record Usage(Duration cpu, long residentBytes) {}

  /** Empty if nobody listens there who belongs to the same user. */
  static Optional<ServerProcess> listeningOn(int port) {
    Set<String> sockets = new HashSet<>();
    for (String table : List.of("tcp", "tcp6")) {
      for (String line : lines(PROC.resolve("self/net/" + table))) {
        String[] fields = line.strip().split("\\s+");
        if (fields.length > 9
            && fields[3].equals(LISTENS)
            && fields[1].endsWith(String.format(Locale.ROOT, ":%04X", port))) {
          sockets.add("socket:[" + fields[9] + "]");
        }
      }
    }
    return sockets.isEmpty() ? Optional.empty() : holding(sockets).map(ServerProcess::new);
  }

  private static Optional<Path> holding(Set<String> sockets) {
    try (DirectoryStream<Path> processes = Files.newDirectoryStream(PROC, "[0-9]*")) {
      for (Path process : processes) {
        if (holds(process.resolve("fd"), sockets)) {
          return Optional.of(process);
        }
      }
    } catch (IOException e) {
      // Not Linux: nothing is known.
    }
    return Optional.empty();
  }

  private static boolean holds(Path descriptors, Set<String> sockets) {
    try (DirectoryStream<Path> open = Files.newDirectoryStream(descriptors)) {
      for (Path descriptor : open) {
        if (sockets.contains(Files.readSymbolicLink(descriptor).toString())) {
          return true;
        }
      }
    } catch (IOException | DirectoryIteratorException e) {
      // Another user's, or gone meanwhile.
    }
    return false;
  }

  /** What the processor of this machine calls itself, on Linux and x86; else null. */
  public static @Nullable String processorModel() {
    return lines(PROC.resolve("cpuinfo")).stream()
        .filter(line -> line.startsWith("model name"))
        .map(line -> line.substring(line.indexOf(':') + 1).strip())
        .findFirst()
        .orElse(null);
  }

  /** Of this machine, or of the container. */
  public static long memoryBytes() {
    return ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class).getTotalMemorySize();
  }

  /** The most memory that this very process has held until now; null where it is not known. */
  public static @Nullable Long ownPeakBytes() {
    long peak = new ServerProcess(PROC.resolve("self")).status("VmHWM:");
    return peak == 0 ? null : 1024 * peak;
  }

  /** Null if the process has ended. */
  @Nullable Usage usage() {
    try {
      String stat = Files.readString(process.resolve("stat"), StandardCharsets.ISO_8859_1);
      // The name in brackets may hold anything, blanks too.
      String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
      long ticks = Long.parseLong(fields[USER_TICKS]) + Long.parseLong(fields[SYSTEM_TICKS]);
      long resident = resident();
      // One that is about to end has no memory any more.
      return resident == 0
          ? null
          : new Usage(Duration.ofMillis(ticks * 1000 / TICKS_PER_SECOND), resident);
    } catch (IOException e) {
      return null;
    }
  }

  private long resident() {
    return 1024 * status("VmRSS:");
  }

  long threads() {
    return status("Threads:");
  }

  private long status(String name) {
    return lines(process.resolve("status")).stream()
        .filter(line -> line.startsWith(name))
        .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
        .findFirst()
        .orElse(0);
  }

  /** Files and connections; null if it has ended. */
  @Nullable Long openFiles() {
    try (Stream<Path> open = Files.list(process.resolve("fd"))) {
      return open.count();
    } catch (IOException e) {
      return null;
    }
  }

  /**
   * What is left on its heap after a collection, which this asks for; null if it is no JVM of this
   * user, or there is no {@code jcmd}, or it does not answer in time. Blocks, for 20 s at most.
   */
  @Nullable Long liveHeapBytes() {
    String jcmd = Path.of(System.getProperty("java.home"), "bin", "jcmd").toString();
    try {
      Process asked =
          new ProcessBuilder(jcmd, process.getFileName().toString(), "GC.class_histogram").start();
      // One that hangs, or was stopped, never answers.
      CompletableFuture.delayedExecutor(JCMD_LIMIT_SECONDS, TimeUnit.SECONDS)
          .execute(asked::destroyForcibly);
      try (BufferedReader answer = asked.inputReader()) {
        // The last line: Total, instances, bytes.
        return answer
            .lines()
            .map(line -> line.strip().split("\\s+"))
            .filter(fields -> fields.length == 3 && fields[0].equals("Total"))
            .map(fields -> Long.valueOf(fields[2]))
            .findFirst()
            .orElse(null);
      }
    } catch (IOException e) {
      return null;
    }
  }

  private static List<String> lines(Path file) {
    try {
      return Files.readAllLines(file, StandardCharsets.ISO_8859_1);
    } catch (IOException e) {
      return List.of();
    }
  }
}
