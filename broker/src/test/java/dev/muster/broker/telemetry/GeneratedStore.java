/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.telemetry;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;

/**
 * Rows as the writer would have left them, made by the database itself: devices in turns, each
 * message with a pack of values that are equally far from each other. Much faster than by messages;
 * the payloads, which no query of values reads, are empty.
 */
final class GeneratedStore {
  private static final long MESSAGES_AT_ONCE = 4_000;
  private static final String IN_ORDER =
      "sample_in_order ON sample (device, stream, metric, time_us, message_id, place)";

  private final int devices;
  private final int inAMessage;
  private final boolean isPostgres;
  private final String numbers;
  private final String random;

  GeneratedStore(int devices, int inAMessage, boolean isPostgres) {
    this.devices = devices;
    this.inAMessage = inAMessage;
    this.isPostgres = isPostgres;
    this.numbers =
        isPostgres ? "generate_series(%d, %d)" : "(SELECT x AS n FROM SYSTEM_RANGE(%d, %d))";
    this.random = isPostgres ? "random()" : "RAND()";
  }

  /** @param perDevice messages, numbered from 1 */
  void fill(TelemetryDatabase database, long perDevice, Instant start, Duration step)
      throws SQLException {
    long messages = perDevice * devices;
    try (Connection connection = database.connect();
        Statement statement = connection.createStatement()) {
      connection.setAutoCommit(false);
      // Made at the end, sorted: in between, each row would change a page of its device.
      statement.execute("DROP INDEX sample_in_order");
      for (long first = 1; first <= messages; first += MESSAGES_AT_ONCE) {
        long last = Math.min(messages, first + MESSAGES_AT_ONCE - 1);
        add(statement, first, last, start, step);
        connection.commit();
      }
      latest(statement, messages, start, step);
      connection.commit();
      statement.execute("CREATE INDEX " + IN_ORDER);
      if (isPostgres) {
        statement.execute("ANALYZE");
      }
      connection.commit();
      database.flush(connection);
    }
  }

  /** Of the message {@code n} its sequence number. */
  private String sequence() {
    return "(n - 1) / " + devices + " + 1";
  }

  private String device() {
    return "CONCAT('d', MOD(n - 1, " + devices + "))";
  }

  /** Of the value {@code place} of the message {@code n}. */
  private String micros(String place, Instant start, Duration step) {
    return String.format(
        "%d + ((n - 1) / %d * %d + %s) * %d",
        Micros.of(start), devices, inAMessage, place, step.toMillis() * 1_000);
  }

  private String numbers(long first, long last, String alias) {
    return String.format(numbers, first, last) + (isPostgres ? " AS " + alias : "");
  }

  private void add(Statement statement, long first, long last, Instant start, Duration step)
      throws SQLException {
    String at = micros(String.valueOf(inAMessage - 1), start, step);
    statement.execute("INSERT INTO message (id, fleet, device, stream, boot, seq, event_us,"
        + " received_us, content_type, payload) SELECT n, 'f1', " + device() + ", 'env', 'b', "
        + sequence() + ", " + at + ", " + at + ", NULL, '' FROM " + numbers(first, last, "m(n)"));
    String places = isPostgres
        ? "generate_series(0, %d) AS p(place)"
        : "(SELECT x AS place FROM SYSTEM_RANGE(0, %d))";
    statement.execute("INSERT INTO sample (message_id, place, device, stream, metric, unit,"
        + " time_us, num, txt, bool) SELECT n, place, " + device() + ", 'env', 't', NULL, "
        + micros("place", start, step) + ", " + random + " * 100, NULL, NULL FROM "
        + numbers(first, last, "m(n)") + " CROSS JOIN " + String.format(places, inAMessage - 1));
  }

  private void latest(Statement statement, long messages, Instant start, Duration step)
      throws SQLException {
    String at = micros(String.valueOf(inAMessage - 1), start, step);
    statement.execute("INSERT INTO latest (device, stream, metric, unit, time_us, message_id,"
        + " received_us, num, txt, bool, seq) SELECT " + device() + ", 'env', 't', NULL, " + at
        + ", n, " + at + ", " + random + " * 100, NULL, NULL, " + sequence() + " FROM "
        + numbers(messages - devices + 1, messages, "m(n)"));
    statement.execute("UPDATE telemetry_ids SET message = " + messages);
  }
}
