/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.inventory;

import static org.assertj.core.api.Assertions.assertThat;

import dev.muster.protocol.identity.DeviceId;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.flywaydb.core.Flyway;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RenewByMigrationTest {
  @Test
  void certificates_ofBefore_areToBeRenewedByTheEndOfTheirWindow(@TempDir Path folder)
      throws SQLException {
    String url = "jdbc:h2:file:" + folder.resolve("registry");
    Flyway.configure()
        .dataSource(url, "sa", "")
        .locations("classpath:dev/muster/enrollment/inventory/migration")
        .target("20")
        .load()
        .migrate();
    try (Connection connection = DriverManager.getConnection(url, "sa", "");
        Statement statement = connection.createStatement()) {
      statement.execute("INSERT INTO manufacturer (name, admission, created_at) VALUES"
          + " ('acme', 'auto', CURRENT_TIMESTAMP)");
      statement.execute("INSERT INTO device (id, fleet, manufacturer, serial, factory_key, status,"
          + " released, created_at) VALUES ('a', 'south', 'acme', 'A', REPEAT('a', 64), 'active', FALSE,"
          + " CURRENT_TIMESTAMP), ('b', 'south', 'acme', 'B', REPEAT('b', 64), 'active', FALSE,"
          + " CURRENT_TIMESTAMP)");
      statement.execute("INSERT INTO certificate (serial, issuer, role, device, public_key,"
          + " issued_at, not_after, status, certificate) VALUES"
          + " ('1', 'device', 'device', 'a', REPEAT('1', 64), TIMESTAMP WITH TIME ZONE"
          + " '2026-01-01 00:00:00+00:00', TIMESTAMP WITH TIME ZONE '2026-12-27 00:00:00+00:00',"
          + " 'active', X'00'), ('2', 'device', 'device', 'a', REPEAT('2', 64),"
          + " TIMESTAMP WITH TIME ZONE '2026-06-01 00:00:00+00:00',"
          + " TIMESTAMP WITH TIME ZONE '2028-12-27 00:00:00+00:00',"
          + " 'revoked', X'00')");
    }
    try (Registry registry = Registry.open(new StorageConfig(folder))) {
      assertThat(renewBy(registry, "a"))
          .as("of 360 days, 300")
          .contains(Instant.parse("2026-10-28T00:00:00Z"));
      assertThat(renewBy(registry, "b")).isEmpty();
      List<CertificateRecord> certificates =
          registry.read(tables -> tables.certificates().of(new DeviceId("a")));
      assertThat(certificates).extracting(CertificateRecord::serial).containsExactly("1", "2");
    }
  }

  private static Optional<Instant> renewBy(Registry registry, String device) {
    return registry
        .read(tables -> tables.devices().summary(new DeviceId(device)))
        .map(DeviceSummary::renewBy);
  }
}
