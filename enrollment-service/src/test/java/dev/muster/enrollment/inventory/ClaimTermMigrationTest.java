/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.inventory;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.flywaydb.core.Flyway;
import org.jdbi.v3.core.Jdbi;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ClaimTermMigrationTest {
  @Test
  void claimRule_ofBefore_isATermOfItsManufacturer(@TempDir Path folder) {
    String url = "jdbc:h2:file:" + folder.resolve("registry");
    Flyway.configure()
        .dataSource(url, "sa", "")
        .locations("classpath:dev/muster/enrollment/inventory/migration")
        .target("9")
        .load()
        .migrate();
    Jdbi.create(url, "sa", "").useHandle(handle -> {
      handle.execute("INSERT INTO manufacturer (name, admission, created_at) VALUES"
          + " ('acme', 'auto', CURRENT_TIMESTAMP), ('globex', 'auto', CURRENT_TIMESTAMP)");
      handle.execute("INSERT INTO claim_rule VALUES ('acme')");
    });
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
