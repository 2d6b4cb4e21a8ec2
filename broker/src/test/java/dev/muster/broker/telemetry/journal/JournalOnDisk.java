/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.telemetry.journal;

import dev.muster.broker.telemetry.FlushingDisk;
import java.io.IOException;
import java.nio.file.Path;

/** A journal on a disk that a test has in hand. */
public final class JournalOnDisk {
  private JournalOnDisk() {}

  public static IngestJournal open(Path folder, long least, FlushingDisk disk) throws IOException {
    return IngestJournal.open(folder, least, disk::open);
  }
}
