/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.sql;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Types;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** One prepared statement, to be bound and run. Belongs to the thread of its {@link Sql}. */
public final class SqlStatement {
  private static final Pattern PARAMETER = Pattern.compile(":([a-z][A-Za-z0-9]*)");

  private final String text;
  private final PreparedStatement prepared;

  /** The parameters in order; one that stands twice is there twice. */
  private final String[] names;

  private final boolean[] bound;

  private SqlStatement(String text, PreparedStatement prepared, String[] names) {
    this.text = text;
    this.prepared = prepared;
    this.names = names;
    this.bound = new boolean[names.length];
  }

  /** Makes one thing of a row. */
  @FunctionalInterface
  public interface RowMapper<T> {
    T map(ResultSet row) throws SQLException;
  }

  static SqlStatement prepare(Connection connection, String text) {
    List<String> names = new ArrayList<>();
    Matcher parameters = PARAMETER.matcher(text);
    while (parameters.find()) {
      names.add(parameters.group(1));
    }
    try {
      return new SqlStatement(
          text,
          connection.prepareStatement(parameters.replaceAll("?")),
          names.toArray(String[]::new));
    } catch (SQLException e) {
      throw new SqlFailedException(text, e);
    }
  }

  /** With nothing bound: a value of the time before must not be taken for one of today. */
  SqlStatement anew() {
    Arrays.fill(bound, false);
    return this;
  }

  /** @param value a text, a number, a boolean, bytes or an {@link Instant} */
  public SqlStatement bind(String name, @Nullable Object value) {
    if (!bindIfThere(name, value)) {
      throw new IllegalArgumentException("no parameter \"" + name + "\" in: " + text);
    }
    return this;
  }

  private boolean bindIfThere(String name, @Nullable Object value) {
    boolean found = false;
    for (int i = 0; i < names.length; i++) {
      if (names[i].equals(name)) {
        set(i, value);
        found = true;
      }
    }
    return found;
  }

  private void set(int index, @Nullable Object value) {
    try {
      if (value == null) {
        prepared.setNull(index + 1, Types.NULL);
      } else if (value instanceof Instant time) {
        prepared.setObject(index + 1, time.atOffset(ZoneOffset.UTC));
      } else {
        prepared.setObject(index + 1, value);
      }
      bound[index] = true;
    } catch (SQLException e) {
      throw new SqlFailedException(text, e);
    }
  }

  /** Binds each by its name, but for those that this text does not ask for. */
  public SqlStatement bindAll(Map<String, ?> values) {
    values.forEach(this::bindIfThere);
    return this;
  }

  /** Binds an array of texts. */
  public SqlStatement bindTexts(String name, Collection<String> values) {
    try {
      return bind(
          name, prepared.getConnection().createArrayOf("varchar", values.toArray(String[]::new)));
    } catch (SQLException e) {
      throw new SqlFailedException(text, e);
    }
  }

  /** Runs an update. @return how many rows it has touched */
  public int execute() {
    return run(prepared::executeUpdate);
  }

  /** Runs an update once for each item, all in one go. @param binder binds what an item says */
  public <T> void executeEach(Collection<T> items, BiConsumer<SqlStatement, T> binder) {
    try {
      for (T item : items) {
        binder.accept(anew(), item);
        checkBound();
        prepared.addBatch();
      }
      prepared.executeBatch();
    } catch (SQLException e) {
      throw new SqlFailedException(text, e);
    } finally {
      forgetBatch();
    }
  }

  /** Nothing of a batch that failed may come along with the next. */
  private void forgetBatch() {
    try {
      prepared.clearBatch();
    } catch (SQLException e) {
      throw new SqlFailedException(text, e);
    }
  }

  /** All rows. */
  public <T> List<T> list(RowMapper<T> mapper) {
    return run(() -> {
      try (ResultSet rows = prepared.executeQuery()) {
        List<T> mapped = new ArrayList<>();
        while (rows.next()) {
          mapped.add(mapper.map(rows));
        }
        return mapped;
      }
    });
  }

  /** The first row; empty if there is none. */
  public <T> Optional<T> first(RowMapper<T> mapper) {
    return run(() -> {
      try (ResultSet rows = prepared.executeQuery()) {
        return rows.next() ? Optional.ofNullable(mapper.map(rows)) : Optional.empty();
      }
    });
  }

  /** The one row that there always is, such as that of a count. */
  public <T> T one(RowMapper<T> mapper) {
    return first(mapper).orElseThrow(() -> new IllegalStateException("no row from: " + text));
  }

  private interface Run<T> {
    T run() throws SQLException;
  }

  private <T> T run(Run<T> run) {
    checkBound();
    try {
      return run.run();
    } catch (SQLException e) {
      throw new SqlFailedException(text, e);
    }
  }

  private void checkBound() {
    for (int i = 0; i < bound.length; i++) {
      if (!bound[i]) {
        throw new IllegalStateException("parameter \"" + names[i] + "\" not bound in: " + text);
      }
    }
  }
}
