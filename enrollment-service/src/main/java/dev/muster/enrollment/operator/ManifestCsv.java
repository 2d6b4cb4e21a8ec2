/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.operator;

import dev.muster.enrollment.inventory.ManifestEntry;
import dev.muster.protocol.identity.DeviceId;
import dev.muster.protocol.identity.FleetName;
import dev.muster.protocol.identity.Quoted;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/** A manufacturer's list of devices: {@code serial[,fleet][,device][,tags]}, one per line. */
final class ManifestCsv {
  private static final List<String> COLUMNS = List.of("serial", "fleet", "device", "tags");
  private static final Pattern SERIAL = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,63}");
  private static final int MAX_TAGS = 1000;

  /** A line that cannot be used. @param row counted from 1, the header */
  record Problem(int row, String reason) {}

  /** A line that can. */
  record Line(int row, ManifestEntry entry) {}

  private final List<Line> lines = new ArrayList<>();
  private final List<Problem> problems = new ArrayList<>();

  private ManifestCsv() {}

  /** @throws IllegalArgumentException if the header is not as expected */
  static ManifestCsv parse(String text) {
    List<String> rows = text.lines().toList();
    if (rows.isEmpty()) {
      throw new IllegalArgumentException("manifest: empty (expected: a header and lines)");
    }
    List<String> header = header(rows.get(0));
    if (!header.contains("serial")
        || !COLUMNS.containsAll(header)
        || Set.copyOf(header).size() < header.size()) {
      throw new IllegalArgumentException("manifest: header " + Quoted.of(rows.get(0))
          + " (expected: serial[,fleet][,device][,tags])");
    }
    ManifestCsv manifest = new ManifestCsv();
    for (int i = 1; i < rows.size(); i++) {
      if (!rows.get(i).isBlank()) {
        manifest.read(i + 1, header, rows.get(i));
      }
    }
    return manifest;
  }

  List<Line> lines() {
    return lines;
  }

  List<Problem> problems() {
    return problems;
  }

  private static List<String> header(String line) {
    try {
      return fields(line.replace("\uFEFF", ""));
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("manifest: header: " + e.getMessage(), e);
    }
  }

  private void read(int row, List<String> header, String line) {
    try {
      List<String> fields = fields(line);
      if (fields.size() > header.size()) {
        throw new IllegalArgumentException(
            fields.size() + " fields (expected: at most " + header.size() + ")");
      }
      String serial = field(header, fields, "serial").orElse("");
      if (!SERIAL.matcher(serial).matches()) {
        throw new IllegalArgumentException("serial: " + Quoted.of(serial)
            + " (expected: 1 to 64 of [A-Za-z0-9._-], starting with a letter or digit)");
      }
      String tags = field(header, fields, "tags").orElse(null);
      if (tags != null && tags.length() > MAX_TAGS) {
        throw new IllegalArgumentException("tags: expected at most " + MAX_TAGS + " characters");
      }
      lines.add(new Line(
          row,
          new ManifestEntry(
              serial,
              field(header, fields, "fleet").map(FleetName::new).orElse(null),
              field(header, fields, "device").map(DeviceId::new).orElse(null),
              tags)));
    } catch (IllegalArgumentException e) {
      problems.add(new Problem(row, String.valueOf(e.getMessage())));
    }
  }

  private static Optional<String> field(List<String> header, List<String> fields, String name) {
    int index = header.indexOf(name);
    return index < 0 || index >= fields.size() || fields.get(index).isEmpty()
        ? Optional.empty()
        : Optional.of(fields.get(index));
  }

  /**
   * Fields between commas; in double quotes where they hold one (RFC 4180, without line breaks).
   */
  private static List<String> fields(String line) {
    if (line.chars().anyMatch(Character::isISOControl)) {
      throw new IllegalArgumentException("control character (expected: printable text)");
    }
    List<String> fields = new ArrayList<>();
    StringBuilder field = new StringBuilder();
    boolean quoted = false;
    for (int i = 0; i < line.length(); i++) {
      char c = line.charAt(i);
      if (quoted && c == '"' && i + 1 < line.length() && line.charAt(i + 1) == '"') {
        field.append('"');
        i++;
      } else if (c == '"') {
        quoted = !quoted;
      } else if (c == ',' && !quoted) {
        fields.add(field.toString().strip());
        field.setLength(0);
      } else {
        field.append(c);
      }
    }
    if (quoted) {
      throw new IllegalArgumentException("quote: not closed (expected: on the same line)");
    }
    fields.add(field.toString().strip());
    return fields;
  }
}
