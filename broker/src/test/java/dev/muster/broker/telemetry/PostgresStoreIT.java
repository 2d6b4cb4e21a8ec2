/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.telemetry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.muster.broker.StartFailedException;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.ResultSet;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The store on a real PostgreSQL server. */
class PostgresStoreIT extends IntakeContract {
  private static final AtomicInteger DATABASES = new AtomicInteger();

  private static EmbeddedPostgres server;

  @TempDir
  Path folder;

  private String name = "";

  @BeforeAll
  static void start() throws IOException {
    // A server that forgets by default: what each session asks for counts.
    server = EmbeddedPostgres.builder()
        .setServerConfig("fsync", "on")
        .setServerConfig("synchronous_commit", "off")
        .start();
  }

  @AfterAll
  static void stop() throws IOException {
    server.close();
  }

  @BeforeEach
  @Override
  void open() throws Exception {
    if (name.isEmpty()) {
      name = "telemetry" + DATABASES.incrementAndGet();
      try (var connection = server.getPostgresDatabase().getConnection();
          var statement = connection.createStatement()) {
        statement.execute("CREATE DATABASE " + name);
      }
    }
    super.open();
  }

  private static String url(EmbeddedPostgres of, String database) {
    return of.getJdbcUrl("ignored", database).replaceAll("\\?.*", "");
  }

  private TelemetryStorage storage(String url) {
    return new TelemetryStorage(folder, new TelemetryStorage.Server(url, "postgres", null));
  }

  @Override
  TelemetryDatabase openDatabase() {
    return TelemetryDatabase.open(storage(url(server, name)));
  }

  @Override
  String endless() {
    return "SELECT pg_sleep(600)";
  }

  @Test
  void sessions_waitForTheDisk_whateverTheServersDefault() throws Exception {
    try (var connection = database.connect();
        var statement = connection.createStatement();
        ResultSet rows = statement.executeQuery("SHOW synchronous_commit")) {
      rows.next();
      assertThat(rows.getString(1)).isEqualTo("on");
    }
  }

  @Test
  void connectionsThatBreak_areMadeAnew_withoutHelp() throws Exception {
    store(T0, 1);
    finish(rollups);
    try (var connection = server.getPostgresDatabase().getConnection();
        var statement = connection.createStatement()) {
      statement.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
          + " WHERE datname='" + name + "'");
    }
    TelemetryMessage again = message("a", 100, pack(T0 + 1, 2));
    await().ignoreExceptions().untilAsserted(() -> assertThat(store(again)).isNotNull());
    assertThat(sink.problem()).isEmpty();
    await().ignoreExceptions().untilAsserted(() -> finish(rollups));
    assertThat(new MessageQuery(database).messages(DEVICE, 0, 10).entries()).hasSize(2);
    assertThatThrownBy(this::openDatabase)
        .as("the database is ours again")
        .hasMessageContaining("in use by another broker");
  }

  @Test
  void open_databaseOfAnotherBroker_isRefusedUntilThatHasClosed() {
    assertThatThrownBy(this::openDatabase)
        .isInstanceOf(StartFailedException.class)
        .hasMessageContaining("in use by another broker (expected: a database for each broker;");
    sink.close();
    database.close();
    database = openDatabase();
    assertThat(database).isNotNull();
  }

  @Test
  void open_serverThatDoesNotFlush_isRefused() throws Exception {
    try (EmbeddedPostgres careless =
        EmbeddedPostgres.builder().setServerConfig("fsync", "off").start()) {
      assertThatThrownBy(() -> TelemetryDatabase.open(storage(url(careless, "postgres"))))
          .isInstanceOf(StartFailedException.class)
          .hasMessageContaining("fsync is off (expected: on");
    }
  }

  @Test
  void open_serverOutOfReach_saysSo() {
    assertThatThrownBy(() -> TelemetryDatabase.open(storage("jdbc:postgresql://127.0.0.1:1/none")))
        .isInstanceOf(StartFailedException.class)
        .hasMessageContaining("jdbc:postgresql://127.0.0.1:1/none")
        .hasMessageContaining("out of reach");
  }

  @Test
  void open_passwordFileMissing_saysSo() {
    TelemetryStorage.Server missing = new TelemetryStorage.Server(
        "jdbc:postgresql://127.0.0.1:1/none", "muster", folder.resolve("no-such-file"));
    assertThatThrownBy(() -> TelemetryDatabase.open(new TelemetryStorage(folder, missing)))
        .isInstanceOf(StartFailedException.class)
        .hasMessageContaining("telemetry.database.passwordFile");
  }

  @Test
  void url_withPassword_isRefused() {
    assertThatThrownBy(
            () -> new TelemetryStorage.Server("jdbc:postgresql://h/d?password=x", "muster", null))
        .isInstanceOf(IllegalArgumentException.class);
    assertThat(Files.exists(folder.resolve("telemetry.mv.db"))).isFalse();
  }
}
