/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.protocol.file;

/** A cell of a CSV file (RFC 4180) that no spreadsheet takes for a formula. */
public final class CsvCell {
  /** As OWASP lists them, the full-width signs of East Asian keyboards included. */
  private static final String FORMULA_STARTS = "=+-@\t\r\n\uFF1D\uFF0B\uFF0D\uFF20";

  /** Semicolons and tabs begin a cell, too, to spreadsheets that guess what stands between them. */
  private static final String SPECIAL = ",;\t\"\n\r";

  private CsvCell() {}

  /** A number stays one, also below zero; a text never begins a formula. */
  public static String of(Object value) {
    if (!(value instanceof String text)) {
      return value.toString();
    }
    boolean formula = !text.isEmpty() && FORMULA_STARTS.indexOf(text.charAt(0)) >= 0;
    String safe = formula ? "'" + text : text;
    boolean plain = safe.chars().noneMatch(character -> SPECIAL.indexOf(character) >= 0);
    return plain ? safe : '"' + safe.replace("\"", "\"\"") + '"';
  }
}
