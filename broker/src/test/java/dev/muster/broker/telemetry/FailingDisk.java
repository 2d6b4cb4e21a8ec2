/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.telemetry;

import com.zaxxer.hikari.HikariConfig;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.concurrent.atomic.AtomicBoolean;

/** H2, with a disk that fails when it is told to. */
final class FailingDisk implements Engine {
  final AtomicBoolean fails = new AtomicBoolean();
  private final Engine engine;

  FailingDisk(Path folder) {
    this.engine = EmbeddedEngine.in(folder);
  }

  @Override
  public HikariConfig configuration() {
    return engine.configuration();
  }

  @Override
  public void check(Connection connection) throws SQLException {
    engine.check(connection);
  }

  @Override
  public boolean answers(Connection connection) {
    return engine.answers(connection);
  }

  @Override
  public void flush(Connection connection) throws SQLException {
    if (fails.get()) {
      throw new SQLException("no flush", "58030");
    }
    engine.flush(connection);
  }

  @Override
  public Claim claim() throws SQLException {
    return engine.claim();
  }

  @Override
  public String explain(Throwable problem) {
    return engine.explain(problem);
  }
}
