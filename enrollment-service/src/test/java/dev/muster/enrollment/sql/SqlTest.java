/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.sql;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.sql.Savepoint;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.Map;
import org.h2.jdbcx.JdbcDataSource;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class SqlTest {
  private static final String INSERT = "INSERT INTO t (name, since) VALUES (:name, :since)";
  private static final String BY_NAME = "SELECT since FROM t WHERE name = :name OR name = :name";

  private Sql sql;

  @BeforeEach
  void open() {
    JdbcDataSource source = new JdbcDataSource();
    source.setURL("jdbc:h2:mem:");
    sql = Sql.open(source::getConnection);
    sql.statement("CREATE TABLE t (name VARCHAR(5) PRIMARY KEY, since TIMESTAMP WITH TIME ZONE)")
        .execute();
  }

  @AfterEach
  void close() {
    sql.close();
  }

  private void insert(String name, @Nullable Instant since) {
    sql.statement(INSERT).bind("name", name).bind("since", since).execute();
  }

  private List<String> names() {
    return sql.statement("SELECT name FROM t ORDER BY name").list(row -> row.getString(1));
  }

  @Test
  void statement_usedAgain_knowsNothingOfTheTimeBefore() {
    insert("a", Instant.EPOCH);
    SqlStatement again = sql.statement(INSERT).bind("name", "b");
    assertThatThrownBy(again::execute)
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("\"since\" not bound");
    assertThat(names()).containsExactly("a");
  }

  @Test
  void parameter_thatIsNotThere_isAMistake_butNotOneOfMany() {
    assertThatThrownBy(() -> sql.statement(BY_NAME).bind("nmae", "a"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("nmae");
    assertThat(sql.statement(BY_NAME)
            .bindAll(Map.of("name", "a", "other", "b"))
            .first(row -> row.getString(1)))
        .isEmpty();
  }

  @Test
  void values_ofEachKind_comeBackAsTheyWere() {
    Instant time = Instant.parse("2026-01-02T03:04:05.678901Z");
    insert("a", time);
    insert("b", null);
    assertThat(sql.statement(BY_NAME)
            .bind("name", "a")
            .<Instant>one(row -> row.getObject(1, OffsetDateTime.class).toInstant()))
        .isEqualTo(time);
    assertThat(sql.statement(BY_NAME).bind("name", "b").first(row -> row.getString(1)))
        .isEmpty();
    assertThat(sql.statement("SELECT COUNT(*) FROM UNNEST(CAST(:texts AS VARCHAR ARRAY)) AS w(n)")
            .bindTexts("texts", List.of("x", "y"))
            .<Integer>one(row -> row.getInt(1)))
        .isEqualTo(2);
  }

  @Test
  void batch_thatFailed_leavesNothingForTheNext() {
    Savepoint before = sql.savepoint();
    assertThatThrownBy(() -> sql.statement(INSERT)
            .executeEach(
                List.of("a", "too long"),
                (row, name) -> row.bind("name", name).bind("since", Instant.EPOCH)))
        .isInstanceOf(SqlFailedException.class);
    sql.rollBackTo(before);
    sql.statement(INSERT)
        .executeEach(List.of("b", "c"), (row, name) -> row.bind("name", name).bind("since", null));
    sql.commit();
    assertThat(names()).containsExactly("b", "c");
  }
}
