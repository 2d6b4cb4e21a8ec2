/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.telemetry;

import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;

/** The store in an H2 file. */
class EmbeddedStoreTest extends IntakeContract {
  @TempDir
  Path folder;

  @Override
  TelemetryDatabase openDatabase() {
    return TelemetryDatabase.open(folder);
  }

  @Override
  String endless() {
    return "SELECT COUNT(*) FROM SYSTEM_RANGE(1, 1000000000000) WHERE MOD(x, 7) = 8";
  }
}
