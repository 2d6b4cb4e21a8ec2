/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.manifest;

import dev.muster.enrollment.inventory.ManifestEntry;
import dev.muster.enrollment.inventory.Tag;
import dev.muster.protocol.identity.Quoted;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.Reader;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Reads {@code serial[,fleet][,device][,tags][,key]} with that header, in any order of the columns.
 * A serial number begins with a letter or digit, so that no spreadsheet takes it for a formula.
 * Tags are {@code name=value}, with semicolons or commas between; a bare name is true.
 */
final class ManifestCsv {
  private static final List<String> COLUMNS = List.of("serial", "fleet", "device", "tags", "key");

  private ManifestCsv() {}

  /** @throws IllegalArgumentException if the header is not as expected */
  static void read(Reader text, ManifestRows rows) throws IOException {
    BufferedReader lines = new BufferedReader(text);
    String first = lines.readLine();
    if (first == null) {
      throw new IllegalArgumentException("manifest: empty (expected: a header and lines)");
    }
    List<String> header = header(first);
    int row = 1;
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      row++;
      if (!line.isBlank()) {
        read(row, header, line, rows);
      }
    }
  }

  private static List<String> header(String line) {
    List<String> header;
    try {
      header = fields(line.replace("\uFEFF", ""));
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("manifest: header: " + e.getMessage(), e);
    }
    if (!header.contains("serial")
        || !COLUMNS.containsAll(header)
        || Set.copyOf(header).size() < header.size()) {
      throw new IllegalArgumentException("manifest: header " + Quoted.of(line)
          + " (expected: serial[,fleet][,device][,tags][,key])");
    }
    return header;
  }

  private static void read(int row, List<String> header, String line, ManifestRows rows) {
    ManifestEntry entry;
    try {
      entry = entry(header, fields(line));
    } catch (IllegalArgumentException e) {
      rows.problem(row, String.valueOf(e.getMessage()));
      return;
    }
    rows.entry(row, entry);
  }

  private static ManifestEntry entry(List<String> header, List<String> fields) {
    if (fields.size() > header.size()) {
      throw new IllegalArgumentException(
          fields.size() + " fields (expected: at most " + header.size() + ")");
    }
    String tags = field(header, fields, "tags");
    return ManifestRows.checked(
        field(header, fields, "serial"),
        field(header, fields, "fleet"),
        field(header, fields, "device"),
        tags == null ? Map.of() : Tag.parseAll(tags),
        field(header, fields, "key"));
  }

  private static @Nullable String field(List<String> header, List<String> fields, String name) {
    int index = header.indexOf(name);
    return index < 0 || index >= fields.size() || fields.get(index).isEmpty()
        ? null
        : fields.get(index);
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
