/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.inventory;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.muster.enrollment.sql.SqlFailedException;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The same with a real PostgreSQL server. */
class PostgresRegistryIT extends RegistryContract {
  private static final AtomicInteger DATABASES = new AtomicInteger();

  static EmbeddedPostgres server;

  @TempDir
  Path folder;

  private String database = "";

  @BeforeAll
  static void start() throws IOException {
    server = EmbeddedPostgres.start();
  }

  @AfterAll
  static void stop() throws IOException {
    server.close();
  }

  @BeforeEach
  void newDatabase() throws Exception {
    database = "registry" + DATABASES.incrementAndGet();
    try (var connection = server.getPostgresDatabase().getConnection();
        var statement = connection.createStatement()) {
      statement.execute("CREATE DATABASE " + database);
    }
  }

  private StorageConfig config(String name, String user) {
    return new StorageConfig(
        folder,
        new StorageConfig.Server(
            server.getJdbcUrl("ignored", name).replaceAll("\\?.*", ""), user, null));
  }

  @Override
  Registry open() {
    return Registry.open(config(database, "postgres"));
  }

  @Test
  void open_serverOutOfReach_saysSo() {
    StorageConfig nowhere = new StorageConfig(
        folder, new StorageConfig.Server("jdbc:postgresql://127.0.0.1:1/none", "muster", null));
    assertThatThrownBy(() -> Registry.open(nowhere))
        .isInstanceOf(RegistryUnavailableException.class)
        .hasMessageContaining("jdbc:postgresql://127.0.0.1:1/none")
        .hasMessageContaining("out of reach");
  }

  @Test
  void keys_ofBefore_areFoundAsTheyWere() throws Exception {
    UpgradeTest.fill(server.getDatabase("postgres", database));
    try (Registry registry = open()) {
      UpgradeTest.assertFound(registry);
    }
  }

  /** The writer keeps its connection from one commit to the next. */
  @Test
  void commit_afterTheServerHasCutItsConnection_findsAnother() throws Exception {
    try (Registry registry = open()) {
      registry.commit(tables -> tables.crls().nextNumber("device", 1));
      try (var connection = server.getPostgresDatabase().getConnection();
          var statement = connection.createStatement()) {
        statement.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            + " WHERE datname = '" + database + "'");
      }
      Awaitility.await()
          .atMost(Duration.ofSeconds(60))
          .ignoreException(SqlFailedException.class)
          .until(() -> registry.commit(tables -> tables.crls().nextNumber("device", 1)) > 1);
    }
  }

  @Test
  void open_passwordFileMissing_saysSo() {
    StorageConfig.Server server = new StorageConfig.Server(
        "jdbc:postgresql://127.0.0.1:1/none", "muster", folder.resolve("no-such-file"));
    assertThatThrownBy(() -> Registry.open(new StorageConfig(folder, server)))
        .isInstanceOf(RegistryUnavailableException.class)
        .hasMessageContaining("passwordFile");
  }

  @Test
  void url_withPassword_isRefused() {
    assertThatThrownBy(
            () -> new StorageConfig.Server("jdbc:postgresql://h/d?password=x", "muster", null))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new StorageConfig.Server("jdbc:h2:mem:x", "muster", null))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> Files.readString(folder.resolve("registry.mv.db")))
        .isInstanceOf(IOException.class);
  }
}
