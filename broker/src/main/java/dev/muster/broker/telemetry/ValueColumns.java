/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.telemetry;

import java.sql.ResultSet;
import java.sql.SQLException;

/** The three columns of a value: a number, a text, a boolean; one of them is not NULL. */
public final class ValueColumns {
  private ValueColumns() {}

  /** @return a {@code Double}, a {@code String} or a {@code Boolean} */
  public static Object read(ResultSet rows, int from) throws SQLException {
    double number = rows.getDouble(from);
    if (!rows.wasNull()) {
      return number;
    }
    String text = rows.getString(from + 1);
    return text == null ? rows.getBoolean(from + 2) : text;
  }
}
