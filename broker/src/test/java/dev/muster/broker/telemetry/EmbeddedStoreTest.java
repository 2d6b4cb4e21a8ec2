/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.telemetry;

import static org.assertj.core.api.Assertions.assertThat;

import dev.muster.broker.telemetry.TelemetrySink.Stored;
import dev.muster.broker.telemetry.deadletter.DeadLetter;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.Statement;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The store in an H2 file. */
class EmbeddedStoreTest extends IntakeContract {
  @TempDir
  Path folder;

  @Override
  TelemetryDatabase openDatabase() {
    return TelemetryDatabase.open(folder);
  }

  /** Else it would be tried again for ever, and hold up all that comes behind it. */
  @Test
  void deadLetterThatTheDatabaseWillNotHave_isKeptWithAnotherReason() throws Exception {
    try (Connection connection = database.connect();
        Statement statement = connection.createStatement()) {
      statement.execute("ALTER TABLE dead_letter ALTER COLUMN reason VARCHAR(40)");
    }
    TelemetryMessage strange = message("a", 1, "1").asUnreadable("x".repeat(100));
    assertThat(store(strange)).isEqualTo(Stored.DEAD_LETTER);
    assertThat(letters(DEVICE))
        .extracting(DeadLetter::reason)
        .containsExactly("not storable: SQL state 22001");
    assertThat(store(message("a", 2, "1"))).isEqualTo(Stored.NEW);
  }

  @Override
  String endless() {
    return "SELECT COUNT(*) FROM SYSTEM_RANGE(1, 1000000000000) WHERE MOD(x, 7) = 8";
  }
}
