/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.telemetry.query;

import static org.assertj.core.api.Assertions.assertThat;

import dev.muster.broker.telemetry.TelemetryDatabase;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RawValuesTest {
  @TempDir
  Path folder;

  @Test
  void page_isReadInTheOrderOfAnIndex() throws Exception {
    try (TelemetryDatabase database = TelemetryDatabase.open(folder);
        Connection connection = database.connect();
        PreparedStatement explain = connection.prepareStatement("EXPLAIN " + RawValues.PAGE);
        ResultSet rows = explain.executeQuery()) {
      rows.next();
      assertThat(rows.getString(1)).contains("SAMPLE_IN_ORDER").contains("index sorted");
    }
  }
}
