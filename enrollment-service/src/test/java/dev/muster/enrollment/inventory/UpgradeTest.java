/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.inventory;

import static org.assertj.core.api.Assertions.assertThat;

import dev.muster.enrollment.issuance.Fingerprint;
import dev.muster.protocol.identity.DeviceId;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import javax.sql.DataSource;
import org.flywaydb.core.Flyway;
import org.h2.jdbcx.JdbcDataSource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class UpgradeTest {
  private static final String FACTORY =
      "00ff10a7b5c3d2e1f0987654321fedcba0123456789abcdef7f8081e2d3c4b5a";
  private static final String KEY =
      "fedcba9876543210000102030405060708090a0b0c0d0e0f8081828384858687";

  @Test
  void keys_andWhatWasReleased_areAsTheyWereBefore(@TempDir Path folder) throws SQLException {
    JdbcDataSource source = new JdbcDataSource();
    source.setURL("jdbc:h2:file:" + folder.resolve("registry"));
    source.setUser("sa");
    fill(source);
    try (Registry registry = Registry.open(new StorageConfig(folder))) {
      assertFound(registry);
    }
  }

  /**
   * As an earlier version left it: two devices, of which one has a factory key and certificates,
   * and the other was released.
   */
  static void fill(DataSource source) throws SQLException {
    Flyway.configure()
        .dataSource(source)
        .locations("classpath:dev/muster/enrollment/inventory/migration")
        .target("25.5")
        .load()
        .migrate();
    try (Connection connection = source.getConnection();
        Statement statement = connection.createStatement()) {
      statement.execute("INSERT INTO manufacturer (name, admission, created_at) VALUES"
          + " ('acme', 'auto', CURRENT_TIMESTAMP)");
      statement.execute("INSERT INTO device (id, fleet, manufacturer, serial, factory_key, status,"
          + " released, created_at) VALUES ('a', 'south', 'acme', 'A', '" + FACTORY
          + "', 'active', FALSE, CURRENT_TIMESTAMP),"
          + " ('b', 'south', 'acme', 'B', NULL, 'active', TRUE, CURRENT_TIMESTAMP)");
      statement.execute(
          "INSERT INTO certificate (serial, issuer, role, device, public_key, key_use,"
              + " issued_at, not_after, renew_by, status, certificate) VALUES"
              + " ('1', 'device', 'device', 'a', '" + KEY + "', 0, CURRENT_TIMESTAMP,"
              + " CURRENT_TIMESTAMP, CURRENT_TIMESTAMP, 'active', CAST('der' AS BYTEA)),"
              + " ('2', 'device', 'device', 'a', '" + KEY + "', 1, CURRENT_TIMESTAMP,"
              + " CURRENT_TIMESTAMP, CURRENT_TIMESTAMP, 'active', CAST('der' AS BYTEA))");
    }
  }

  static void assertFound(Registry registry) {
    registry.read(tables -> {
      Fingerprint factory = new Fingerprint(FACTORY);
      assertThat(tables.devices().holder(factory, null)).contains(new DeviceId("a"));
      assertThat(tables.devices().find(new DeviceId("a")).orElseThrow().factoryKey())
          .isEqualTo(factory);
      assertThat(tables.devices().find(new DeviceId("b")).orElseThrow().factoryKey())
          .isNull();
      assertThat(tables.devices().find(new DeviceId("a")).orElseThrow().nextKey())
          .isEqualTo(NextKey.JUDGED);
      assertThat(tables.devices().find(new DeviceId("b")).orElseThrow().nextKey())
          .isEqualTo(NextKey.LET_IN);
      CertificateRecord newest =
          tables.certificates().findByKey(new Fingerprint(KEY)).orElseThrow();
      assertThat(newest.serial()).as("the one that was used again").isEqualTo("2");
      assertThat(newest.key().hex()).isEqualTo(KEY);
      return null;
    });
  }
}
