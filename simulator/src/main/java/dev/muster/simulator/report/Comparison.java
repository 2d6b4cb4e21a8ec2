/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.simulator.report;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Two runs side by side: what one has, what the other has, and the second by the first. */
public final class Comparison {
  private static final ObjectMapper JSON = new ObjectMapper();
  /** What should be zero, and how it is called. */
  private static final Map<String, String> PROMISES = new TreeMap<>(Map.of(
      "lost", "lost",
      "duplicated", "stored twice",
      "altered", "altered",
      "deadLetters", "dead letters"));

  private static final String[] PERCENTILES = {"p50Ms", "p90Ms", "p99Ms", "maxMs"};

  /** @param ratio null if the first is zero */
  public record Row(
      String name, double first, double second, @Nullable Double ratio) {
    static Row of(String name, double first, double second) {
      return new Row(name, first, second, first == 0 ? null : second / first);
    }
  }

  private Comparison() {}

  /**
   * A run from a file: what {@code --json} printed, or the page that {@code --report} wrote.
   *
   * @throws IllegalArgumentException naming the file, if it is neither, or cannot be read
   */
  public static JsonNode read(Path file) {
    try {
      JsonNode run = JSON.readTree(HtmlReport.data(Files.readString(file)));
      if (run.path("phases").isArray()) {
        return run;
      }
      throw new IllegalArgumentException(file + ": is no run (expected: what muster simulate --json"
          + " printed, or --report wrote)");
    } catch (NoSuchFileException e) {
      throw new IllegalArgumentException(file + ": does not exist", e);
    } catch (AccessDeniedException e) {
      throw new IllegalArgumentException(file + ": cannot be read (permission denied)", e);
    } catch (JsonProcessingException | CharacterCodingException e) {
      throw new IllegalArgumentException(
          file + ": is no run (expected: what muster simulate --json"
              + " printed, or --report wrote)",
          e);
    } catch (IOException e) {
      throw new IllegalArgumentException(file + ": cannot be read (" + e.getMessage() + ")", e);
    }
  }

  /** What both have; phases by their place, if they are the same. */
  public static List<Row> of(JsonNode first, JsonNode second) {
    List<Row> rows = new ArrayList<>();
    rows.add(Row.of("devices online", number(first, "connected"), number(second, "connected")));
    rows.add(Row.of("messages per second", rate(first), rate(second)));
    rows.add(Row.of("acknowledged, of 1", share(first), share(second)));
    PROMISES.forEach((key, name) -> {
      // Where nothing was looked up, nothing was found either.
      if (first.has(key) && second.has(key)) {
        rows.add(Row.of(name, number(first, key), number(second, key)));
      }
    });
    latencies("latency", first.path("latency"), second.path("latency"), rows);
    if (names(first).equals(names(second))) {
      for (int i = 0; i < first.path("phases").size(); i++) {
        JsonNode one = first.path("phases").path(i);
        JsonNode other = second.path("phases").path(i);
        String name = (i + 1) + " " + one.path("name").asText();
        latencies(name, one.path("latency"), other.path("latency"), rows);
        latencies(name + ", offline", one.path("offline"), other.path("offline"), rows);
      }
    }
    server(first, second, rows);
    return rows;
  }

  private static void latencies(String name, JsonNode one, JsonNode other, List<Row> rows) {
    for (String percentile : PERCENTILES) {
      if (one.has(percentile) && other.has(percentile)) {
        rows.add(Row.of(
            name + " " + percentile.replace("Ms", "") + ", ms",
            number(one, percentile),
            number(other, percentile)));
      }
    }
  }

  private static void server(JsonNode first, JsonNode second, List<Row> rows) {
    double one = cpuPerMessage(first);
    double other = cpuPerMessage(second);
    if (one > 0 && other > 0) {
      rows.add(Row.of("server, processor per message, ms", one, other));
      rows.add(Row.of("server, memory at most, MiB", memory(first), memory(second)));
    }
  }

  /** In all seconds at whose beginning and end the same process was seen. */
  private static double cpuPerMessage(JsonNode run) {
    double before = Double.NaN;
    double used = 0;
    long messages = 0;
    for (JsonNode sample : run.path("samples")) {
      double now = sample.path("server").path("cpuSeconds").asDouble(Double.NaN);
      // One that was started again counts from nothing.
      if (now >= before) {
        messages += sample.path("acknowledged").asLong();
        used += now - before;
      }
      before = now;
    }
    return messages == 0 ? 0 : 1000 * used / messages;
  }

  private static double memory(JsonNode run) {
    double most = 0;
    for (JsonNode sample : run.path("samples")) {
      most = Math.max(most, sample.path("server").path("residentBytes").asDouble());
    }
    return most / (1 << 20);
  }

  private static List<String> names(JsonNode run) {
    List<String> names = new ArrayList<>();
    run.path("phases").forEach(phase -> names.add(phase.path("name").asText()));
    return names;
  }

  private static double rate(JsonNode run) {
    double seconds = number(run, "seconds");
    return seconds == 0 ? 0 : number(run, "acknowledged") / seconds;
  }

  private static double share(JsonNode run) {
    double sent = number(run, "sent");
    return sent == 0 ? 0 : number(run, "acknowledged") / sent;
  }

  private static double number(JsonNode node, String key) {
    return node.path(key).asDouble();
  }

  /** Rows for a person: a line each. */
  public static String toText(List<Row> rows) {
    StringBuilder text =
        new StringBuilder(String.format("%-40s %12s %12s %8s%n", "", "A", "B", "B / A"));
    for (Row row : rows) {
      Double ratio = row.ratio();
      text.append(String.format(
          Locale.ROOT,
          "%-40s %12.2f %12.2f %8s%n",
          row.name(),
          row.first(),
          row.second(),
          ratio == null ? "-" : String.format(Locale.ROOT, "%.2f", ratio)));
    }
    return text.toString().stripTrailing();
  }
}
