/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.inventory;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import org.flywaydb.core.Flyway;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ClaimTermMigrationTest {
  @Test
  void claimRule_ofBefore_isATermOfItsManufacturer(@TempDir Path folder) throws SQLException {
    String url = "jdbc:h2:file:" + folder.resolve("registry");
    Flyway.configure()
        .dataSource(url, "sa", "")
        .locations("classpath:dev/muster/enrollment/inventory/migration")
        .target("9")
        .load()
        .migrate();
    try (Connection connection = DriverManager.getConnection(url, "sa", "");
        Statement statement = connection.createStatement()) {
      statement.execute("INSERT INTO manufacturer (name, admission, created_at) VALUES"
          + " ('acme', 'auto', CURRENT_TIMESTAMP), ('globex', 'auto', CURRENT_TIMESTAMP)");
      statement.execute("INSERT INTO claim_rule VALUES ('acme')");
    }
    try (Registry registry = Registry.open(new StorageConfig(folder))) {
      assertThat(claimRequired(registry, "acme")).isTrue();
      assertThat(claimRequired(registry, "globex")).isFalse();
    }
  }

  private static boolean claimRequired(Registry registry, String manufacturer) {
    return registry
        .read(tables -> tables.manufacturers().find(manufacturer))
        .orElseThrow()
        .policy()
        .claimRequired();
  }
}
