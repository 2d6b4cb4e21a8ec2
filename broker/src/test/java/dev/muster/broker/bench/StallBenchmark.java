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
import java.nio.file.Files;
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
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;

/**
 * A store that hangs while devices go on sending: PostgreSQL, stopped by a signal; the disk below
 * H2 and its journal, frozen, with {@code -Dbench.disk}. Half of the devices speak MQTT 3.1.1,
 * which cannot be told to wait.
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

  /** What hangs, and goes on. */
  private interface Store {
    void hang() throws Exception;

    void goOn() throws Exception;
  }

  @Test
  void stalledServer() throws Exception {
    BenchFleet fleet = new BenchFleet(folder, CLIENTS);
    try (EmbeddedPostgres database =
            EmbeddedPostgres.builder().setServerConfig("fsync", "on").start();
        BenchServer server = BenchServer.on(fleet, storage(database))) {
      measure("PostgreSQL", fleet, server, new Store() {
        private List<ProcessHandle> stopped = List.of();

        @Override
        public void hang() throws Exception {
          stopped = processes(database);
          signal("-STOP", stopped);
        }

        @Override
        public void goOn() throws Exception {
          signal("-CONT", stopped);
        }
      });
    }
  }

  @Test
  @EnabledIfSystemProperty(
      named = "bench.disk",
      matches = ".+",
      disabledReason = "needs a file system of its own, and the right to freeze it")
  void stalledDisk() throws Exception {
    Path disk = Path.of(System.getProperty("bench.disk"));
    Path store = Files.createTempDirectory(disk, "broker");
    // The rest, as its log, stays where it is.
    Files.createSymbolicLink(folder.resolve("broker"), store);
    BenchFleet fleet = new BenchFleet(folder, CLIENTS);
    try (BenchServer server = BenchServer.ours(fleet)) {
      measure("H2", fleet, server, new Store() {
        @Override
        public void hang() throws Exception {
          run("fsfreeze", "--freeze", disk.toString());
        }

        @Override
        public void goOn() throws Exception {
          run("fsfreeze", "--unfreeze", disk.toString());
        }
      });
    }
  }

  private static void measure(String name, BenchFleet fleet, BenchServer server, Store store)
      throws Exception {
    try (StubbornDevices devices = new StubbornDevices(fleet, server.port())) {
      devices.send(BEFORE);
      long before = server.process().liveBytes();
      int duringStall;
      long stalled;
      store.hang();
      try {
        devices.send(STALL);
        duringStall = devices.unacknowledged();
        stalled = server.process().liveBytes();
      } finally {
        store.goOn();
      }
      long start = System.nanoTime();
      devices.finish(CATCHING_UP);
      double seconds = (System.nanoTime() - start) / 1e9;
      checkStored(server, devices);
      assertThat(stalled - before)
          .as("bytes of heap that a stall has cost")
          .isLessThan(CLIENTS * BYTES_OF_A_CLIENT);
      System.out.printf(
          "FIGURE %s stalled for %d s, %d clients, half of them MQTT 3.1.1: heap %.1f MB before,"
              + " %.1f MB at its end, %.1f MB afterwards; %d messages acknowledged, none lost; %d"
              + " were open at its end, and acknowledged %.1f s later; %d connections anew%n",
          name,
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
    run(command.toArray(String[]::new));
  }

  private static void run(String... command) throws IOException, InterruptedException {
    Process process = new ProcessBuilder(command).inheritIO().start();
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).as(command[0]).isTrue();
    assertThat(process.exitValue()).as(command[0]).isZero();
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
