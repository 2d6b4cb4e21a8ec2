/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.bench;

import static org.assertj.core.api.Assertions.assertThat;

import dev.muster.broker.telemetry.TelemetryStorage;
import io.vertx.core.json.JsonObject;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A store that hangs, as a disk or a server does: PostgreSQL, stopped by a signal, while devices go
 * on sending. Half of them speak MQTT 3.1.1, which cannot be told to wait.
 */
class StallBenchmark {
  private static final int CLIENTS = Integer.getInteger("bench.clients", 200);
  private static final Duration STALL = Duration.ofSeconds(Integer.getInteger("bench.stall", 60));
  /** Measured: 0.35 MB of each of 100. */
  private static final long BYTES_OF_A_CLIENT = 2_000_000;

  private static final Duration BEFORE = Duration.ofSeconds(10);
  private static final Duration CATCHING_UP = Duration.ofMinutes(3);

  @TempDir
  Path folder;

  @Test
  void stalledStore() throws Exception {
    BenchFleet fleet = new BenchFleet(folder, CLIENTS);
    try (EmbeddedPostgres database =
            EmbeddedPostgres.builder().setServerConfig("fsync", "on").start();
        BenchServer server = BenchServer.on(fleet, storage(database));
        StubbornDevices devices = new StubbornDevices(fleet, server.port())) {
      devices.send(BEFORE);
      List<ProcessHandle> store = processes(database);
      long before = server.process().liveBytes();
      signal("-STOP", store);
      devices.send(STALL);
      int duringStall = devices.unacknowledged();
      long stalled = server.process().liveBytes();
      signal("-CONT", store);
      long start = System.nanoTime();
      devices.finish(CATCHING_UP);
      double seconds = (System.nanoTime() - start) / 1e9;
      checkStored(server, devices);
      assertThat(stalled - before)
          .as("bytes of heap that a stall has cost")
          .isLessThan(CLIENTS * BYTES_OF_A_CLIENT);
      System.out.printf(
          "FIGURE store stalled for %d s, %d clients, half of them MQTT 3.1.1: heap %.1f MB before,"
              + " %.1f MB at its end, %.1f MB afterwards; %d messages acknowledged, none lost; %d"
              + " were open at its end, and acknowledged %.1f s later; %d connections anew%n",
          STALL.toSeconds(),
          CLIENTS,
          before / 1e6,
          stalled / 1e6,
          server.process().liveBytes() / 1e6,
          devices.acknowledged(),
          duringStall,
          seconds,
          devices.reconnected());
    }
  }

  private static TelemetryStorage.Server storage(EmbeddedPostgres database) {
    String url = database.getJdbcUrl("ignored", "postgres").replaceAll("\\?.*", "");
    return new TelemetryStorage.Server(url, "postgres", null);
  }

  /** The server, and all that works for it. */
  private static List<ProcessHandle> processes(EmbeddedPostgres database) throws SQLException {
    try (Connection connection = database.getPostgresDatabase().getConnection();
        ResultSet row = connection.createStatement().executeQuery("SELECT pg_backend_pid()")) {
      row.next();
      ProcessHandle server =
          ProcessHandle.of(row.getLong(1)).orElseThrow().parent().orElseThrow();
      return Stream.concat(Stream.of(server), server.descendants()).toList();
    }
  }

  private static void signal(String signal, List<ProcessHandle> processes)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of("kill", signal));
    processes.forEach(process -> command.add(Long.toString(process.pid())));
    new ProcessBuilder(command).start().waitFor(10, TimeUnit.SECONDS);
  }

  private static void checkStored(BenchServer server, StubbornDevices devices) throws Exception {
    for (StubbornDevices.Device device : devices.all()) {
      Set<Integer> stored = new HashSet<>();
      server
          .text("/telemetry/export?device=" + device.id)
          .lines()
          .forEach(line -> stored.add(new JsonObject(line).getInteger("value")));
      assertThat(stored).as("stored of " + device.id).containsAll(device.acknowledged);
    }
  }
}
