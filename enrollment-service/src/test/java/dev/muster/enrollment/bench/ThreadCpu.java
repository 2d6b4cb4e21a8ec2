/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/**
 * The CPU time that a process has used, by what its threads are for. What Linux counts for each
 * thread stays true on a machine that is shared, where a clock on the wall does not.
 */
final class ThreadCpu {
  /** Kinds of threads, by the fifteen characters that Linux keeps of their names. */
  enum Kind {
    COMMIT("registry-commit", "registry-flush"),
    EVENT_LOOP("vert.x-eventloo"),
    WORKER("enrollment-", "renewal-"),
    /** On the other side: those of {@link Load}. */
    CLIENT("client-"),
    COMPILER("C1 ", "C2 "),
    REST("");

    static final Set<Kind> OF_SERVERS = EnumSet.complementOf(EnumSet.of(CLIENT));

    private final List<String> prefixes;

    Kind(String... prefixes) {
      this.prefixes = List.of(prefixes);
    }

    static Kind of(String thread) {
      for (Kind kind : values()) {
        if (kind.prefixes.stream().anyMatch(thread::startsWith)) {
          return kind;
        }
      }
      throw new IllegalStateException("the last kind takes all");
    }
  }

  private final Map<Kind, Long> ns = new EnumMap<>(Kind.class);

  private ThreadCpu() {
    for (Kind kind : Kind.values()) {
      ns.put(kind, 0L);
    }
  }

  /** Since a process began; all of its threads must still live when it is asked again. */
  static ThreadCpu of(long pid) {
    ThreadCpu cpu = new ThreadCpu();
    try (Stream<Path> threads = Files.list(Path.of("/proc/" + pid + "/task"))) {
      for (Path thread : threads.toList()) {
        cpu.add(thread);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return cpu;
  }

  private void add(Path thread) {
    try {
      String run = Files.readString(thread.resolve("schedstat")).split(" ")[0];
      Kind kind = Kind.of(Files.readString(thread.resolve("comm")));
      ns.merge(kind, Long.parseLong(run), Long::sum);
    } catch (IOException e) {
      // It has ended in between, and is none whose work counts.
    }
  }

  /** What one of a number of requests has cost since then. */
  double msEach(Kind kind, ThreadCpu before, int requests) {
    return (ns.get(kind) - before.ns.get(kind)) / 1e6 / requests;
  }
}
