/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker;

import dev.muster.broker.telemetry.query.Export;
import dev.muster.broker.telemetry.rollup.Rollup;
import dev.muster.protocol.file.CsvCell;
import io.vertx.core.buffer.Buffer;
import java.util.List;
import java.util.StringJoiner;

/** How exported values are written: a line each. */
enum ExportFormat {
  NDJSON("application/x-ndjson") {
    @Override
    String header(boolean rollups) {
      return "";
    }

    @Override
    String line(Export.Row row) {
      return TelemetryJson.of(row).encode();
    }
  },

  /** RFC 4180, and no cell that a spreadsheet would take for a formula. */
  CSV("text/csv; charset=utf-8") {
    @Override
    String header(boolean rollups) {
      return "device,stream,metric,unit,time," + (rollups ? "mean,count,min,max,last" : "value")
          + "\r\n";
    }

    @Override
    String line(Export.Row row) {
      StringJoiner line = new StringJoiner(",", "", "\r");
      line.add(CsvCell.of(row.name().device()))
          .add(CsvCell.of(row.name().stream()))
          .add(CsvCell.of(row.name().metric()))
          .add(row.name().unit() == null ? "" : CsvCell.of(row.name().unit()))
          .add(row.point().time().toString())
          .add(CsvCell.of(row.point().value()));
      Rollup rollup = row.point().rollup();
      if (rollup != null) {
        line.add(Long.toString(rollup.count()))
            .add(Double.toString(rollup.least()))
            .add(Double.toString(rollup.most()))
            .add(Double.toString(rollup.last()));
      }
      return line.toString();
    }
  };

  private final String contentType;

  ExportFormat(String contentType) {
    this.contentType = contentType;
  }

  String contentType() {
    return contentType;
  }

  /** What comes before the lines. */
  abstract String header(boolean rollups);

  abstract String line(Export.Row row);

  Buffer lines(List<Export.Row> rows) {
    Buffer lines = Buffer.buffer();
    rows.forEach(row -> lines.appendString(line(row)).appendByte((byte) '\n'));
    return lines;
  }
}
