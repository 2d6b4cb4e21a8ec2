/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.simulator.payload;

import dev.muster.protocol.identity.Quoted;
import dev.muster.protocol.telemetry.Measurement;
import dev.muster.protocol.telemetry.SenmlJson;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/** Rows of a file, one for each message. */
final class CsvReplay implements Payload {
  private static final String TIME = "time";

  private record Cell(String metric, double value) {}

  private final List<List<Cell>> rows;

  private CsvReplay(List<List<Cell>> rows) {
    this.rows = rows;
  }

  static CsvReplay read(Path file) {
    List<String> lines = lines(file);
    if (lines.stream().filter(line -> !line.isBlank()).count() < 2) {
      throw new IllegalArgumentException(
          file + ": no rows (expected: names of metrics, then rows of numbers)");
    }
    String[] metrics = lines.get(0).split(",", -1);
    for (String metric : metrics) {
      named(file, () -> SenmlJson.checkMetric(metric.strip()));
    }
    List<List<Cell>> rows = new ArrayList<>();
    for (int i = 1; i < lines.size(); i++) {
      if (!lines.get(i).isBlank()) {
        rows.add(row(file, i + 1, metrics, lines.get(i).split(",", -1)));
      }
    }
    return new CsvReplay(rows);
  }

  private static List<String> lines(Path file) {
    try {
      return Files.readAllLines(file);
    } catch (NoSuchFileException e) {
      throw new IllegalArgumentException(file + ": does not exist", e);
    } catch (CharacterCodingException e) {
      throw new IllegalArgumentException(file + ": is no text (expected: CSV in UTF-8)", e);
    } catch (IOException e) {
      throw new IllegalArgumentException(
          file + ": cannot be read (" + e + "; expected: a CSV file)", e);
    }
  }

  private static void named(Path file, Runnable check) {
    try {
      check.run();
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(file + ":1: " + e.getMessage(), e);
    }
  }

  /** An empty cell is a metric that was not measured. */
  private static List<Cell> row(Path file, int line, String[] metrics, String[] cells) {
    if (cells.length != metrics.length) {
      throw new IllegalArgumentException(file + ":" + line + ": " + cells.length
          + " values (expected: " + metrics.length + ", as in the first line)");
    }
    List<Cell> row = new ArrayList<>();
    for (int i = 0; i < cells.length; i++) {
      String metric = metrics[i].strip();
      String cell = cells[i].strip();
      if (!metric.equals(TIME) && !cell.isEmpty()) {
        row.add(new Cell(metric, number(file, line, metric, cell)));
      }
    }
    if (row.isEmpty()) {
      throw new IllegalArgumentException(file + ":" + line + ": no value (expected: one or more)");
    }
    return row;
  }

  private static double number(Path file, int line, String metric, String cell) {
    try {
      double number = Double.parseDouble(cell);
      if (Double.isFinite(number)) {
        return number;
      }
    } catch (NumberFormatException e) {
      // Told below.
    }
    throw new IllegalArgumentException(
        file + ":" + line + ": " + metric + ": " + Quoted.of(cell) + " (expected: a number)");
  }

  @Override
  public MessageSource source(SplittableRandom random) {
    return new Replay(random.nextInt(rows.size()));
  }

  private final class Replay implements MessageSource {
    private int next;

    Replay(int first) {
      next = first;
    }

    @Override
    public Reading next(Instant at) {
      List<Measurement> measurements = rows.get(next).stream()
          .map(cell ->
              new Measurement(cell.metric(), null, at, new Measurement.Value.Number(cell.value())))
          .toList();
      next = (next + 1) % rows.size();
      return new Reading("replay", measurements);
    }
  }
}
