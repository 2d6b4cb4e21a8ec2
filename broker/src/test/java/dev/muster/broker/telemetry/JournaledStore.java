/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.telemetry;

import dev.muster.broker.telemetry.journal.JournalOnDisk;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/** A store as a broker has it, but that its journal lies on a disk that a test has in hand. */
public final class JournaledStore implements TelemetrySink {
  private final TelemetryDatabase database;
  private final TelemetrySink direct;
  private final TelemetrySink journaled;

  public JournaledStore(Path folder, FlushingDisk disk) {
    SimpleMeterRegistry meters = new SimpleMeterRegistry();
    database = TelemetryDatabase.open(folder);
    direct = JdbcTelemetrySink.start(
        database, IntakeLimits.DEFAULT, AcknowledgedListener.NOBODY, meters);
    journaled = JournaledSink.start(
        folder.resolve("journal"),
        (path, least) -> JournalOnDisk.open(path, least, disk),
        database,
        direct,
        IntakeLimits.DEFAULT,
        AcknowledgedListener.NOBODY,
        meters);
  }

  @Override
  public CompletableFuture<Stored> store(TelemetryMessage message) {
    return journaled.store(message);
  }

  @Override
  public Optional<String> problem() {
    return journaled.problem();
  }

  @Override
  public void close() {
    journaled.close();
    direct.close();
    database.close();
  }
}
