/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.state;

import dev.muster.broker.telemetry.TelemetryDatabase;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;

/** The state of devices in H2. */
class EmbeddedStateTest extends StateContract {
  @TempDir
  Path folder;

  @Override
  TelemetryDatabase openDatabase() {
    return TelemetryDatabase.open(folder);
  }
}
