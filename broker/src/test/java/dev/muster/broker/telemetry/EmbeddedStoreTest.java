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
}
