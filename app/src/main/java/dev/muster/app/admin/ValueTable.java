/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.admin;

import com.fasterxml.jackson.databind.JsonNode;
import dev.muster.protocol.file.CsvCell;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** Values, for a person or a spreadsheet. */
final class ValueTable {
  private final String[] header;
  private final List<JsonNode[]> rows = new ArrayList<>();

  ValueTable(String... header) {
    this.header = header;
  }

  void row(JsonNode... cells) {
    rows.add(cells);
  }

  /** @param nothing what a person reads if there are no rows */
  void print(boolean csv, String nothing, PrintStream out) {
    if (csv) {
      out.println(Arrays.stream(header)
          .map(name -> name.toLowerCase(Locale.ROOT))
          .collect(Collectors.joining(",")));
      rows.forEach(row ->
          out.println(Arrays.stream(row).map(ValueTable::cell).collect(Collectors.joining(","))));
    } else if (rows.isEmpty()) {
      out.println(nothing);
    } else {
      Table table = new Table(header);
      rows.forEach(row -> table.row((Object[]) row));
      table.print(out);
    }
  }

  private static String cell(JsonNode node) {
    if (node.isNull() || node.isMissingNode()) {
      return "";
    }
    return node.isTextual() ? CsvCell.of(node.asText()) : node.toString();
  }
}
