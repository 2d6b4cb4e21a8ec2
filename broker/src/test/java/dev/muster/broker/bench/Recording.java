/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.bench;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordedFrame;
import jdk.jfr.consumer.RecordedThread;
import jdk.jfr.consumer.RecordingFile;

/**
 * What a flight recording of our broker says about the times that were looked at: the pauses of the
 * collector, who computed, and for what the thread waited that all PUBACKs wait for. Java 17's own
 * {@code jfr} does not add up.
 */
final class Recording {
  private static final String PUBACKS_WAIT_FOR = "muster telemetry journal";
  private static final Set<String> WAITS = Set.of(
      "jdk.ThreadPark",
      "jdk.JavaMonitorWait",
      "jdk.JavaMonitorEnter",
      "jdk.ThreadSleep",
      "jdk.FileForce",
      "jdk.FileWrite");
  private static final int MOST = 15;

  /** A time that is looked at. */
  record Window(Instant begin, Instant end) {
    boolean holds(Instant time) {
      return !time.isBefore(begin) && time.isBefore(end);
    }
  }

  private final List<Window> windows;
  private final List<Double> pausesMs = new ArrayList<>();
  private final Map<String, Integer> samplesByThread = new HashMap<>();
  private final Map<String, Integer> samplesByMethod = new HashMap<>();
  private final Map<String, List<Double>> waitsMs = new HashMap<>();

  private Recording(List<Window> windows) {
    this.windows = windows;
  }

  static void print(Path file, List<Window> windows) throws IOException {
    Recording recording = new Recording(windows);
    try (RecordingFile events = new RecordingFile(file)) {
      while (events.hasMoreEvents()) {
        recording.add(events.readEvent());
      }
    }
    recording.print();
  }

  private void add(RecordedEvent event) {
    if (windows.stream().noneMatch(window -> window.holds(event.getStartTime()))) {
      return;
    }
    String type = event.getEventType().getName();
    if (type.equals("jdk.GarbageCollection")) {
      pausesMs.add(millis(event.getDuration("sumOfPauses")));
    } else if (type.equals("jdk.ExecutionSample")) {
      samplesByThread.merge(name(event.getThread("sampledThread")), 1, Integer::sum);
      samplesByMethod.merge(frame(event, ""), 1, Integer::sum);
    } else if (WAITS.contains(type) && name(event.getThread()).equals(PUBACKS_WAIT_FOR)) {
      waitsMs
          .computeIfAbsent(type + " in " + frame(event, "dev.muster."), any -> new ArrayList<>())
          .add(millis(event.getDuration()));
    }
  }

  private static double millis(Duration duration) {
    return duration.toNanos() / 1e6;
  }

  /** Those of a pool together. */
  private static String name(RecordedThread thread) {
    return thread == null || thread.getJavaName() == null
        ? "of the JVM"
        : thread.getJavaName().replaceAll("[0-9]+", "*");
  }

  /** The uppermost method of such a class. */
  private static String frame(RecordedEvent event, String prefix) {
    if (event.getStackTrace() == null) {
      return "?";
    }
    for (RecordedFrame frame : event.getStackTrace().getFrames()) {
      String type = frame.getMethod().getType().getName();
      if (type.startsWith(prefix)) {
        return type + "." + frame.getMethod().getName();
      }
    }
    return "?";
  }

  private void print() {
    double seconds = windows.stream()
        .mapToDouble(window -> millis(Duration.between(window.begin(), window.end())) / 1e3)
        .sum();
    System.out.printf(
        "FIGURE recording of %.0f s: pauses of the collector: %s%n", seconds, spread(pausesMs));
    print("samples by thread", samplesByThread);
    print("samples by method", samplesByMethod);
    waitsMs.forEach((place, took) ->
        System.out.printf("FIGURE %s: %s: %s%n", PUBACKS_WAIT_FOR, place, spread(took)));
  }

  private static String spread(List<Double> millis) {
    if (millis.isEmpty()) {
      return "none";
    }
    List<Double> sorted = millis.stream().sorted().toList();
    return String.format(
        "%d, p50 %.1f ms, p99 %.1f ms, most %.1f ms, together %.0f ms",
        sorted.size(),
        sorted.get(sorted.size() / 2),
        sorted.get(sorted.size() * 99 / 100),
        sorted.get(sorted.size() - 1),
        sorted.stream().mapToDouble(Double::doubleValue).sum());
  }

  private static void print(String what, Map<String, Integer> counts) {
    int all = counts.values().stream().mapToInt(Integer::intValue).sum();
    System.out.println("FIGURE " + what + ", of " + all + ":");
    counts.entrySet().stream()
        .sorted(Map.Entry.<String, Integer>comparingByValue().reversed())
        .limit(MOST)
        .forEach(entry -> System.out.printf(
            "FIGURE %6.1f %% %s%n", 100.0 * entry.getValue() / all, entry.getKey()));
  }
}
