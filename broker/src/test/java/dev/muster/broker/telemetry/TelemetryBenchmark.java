/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.telemetry;

import dev.muster.broker.telemetry.query.LatestOfMany;
import dev.muster.broker.telemetry.query.Selection;
import dev.muster.broker.telemetry.query.SeriesQuery;
import dev.muster.broker.telemetry.retention.OldTelemetry;
import dev.muster.broker.telemetry.retention.Retention;
import dev.muster.broker.telemetry.rollup.Rollups;
import dev.muster.protocol.identity.DeviceId;
import dev.muster.protocol.telemetry.MessageIdentity;
import dev.muster.protocol.topic.FleetTopics.TelemetryTopic;
import dev.muster.testing.MovableClock;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * How long queries take out of a large store, and what deleting costs those who wait for a PUBACK.
 * Prints figures. {@code -Dscale=100000000} makes the store as large, {@code -Dengine=postgres}
 * puts it into PostgreSQL, {@code -Dfill=generated} has the database make the rows itself, which is
 * much faster. {@code -Ddelete.seconds=600} looks on so long while all of it is deleted.
 */
class TelemetryBenchmark {
  private static final long VALUES = Long.getLong("scale", 5_000_000);
  /** Those that have sent so much; the fewer, the more each. */
  private static final int DEVICES = Integer.getInteger("devices", 1_000);

  private static final int ASKED_AT_ONCE = 1_000;
  private static final int IN_A_MESSAGE = 50;
  private static final Duration SPAN = Duration.ofDays(7);
  private static final Instant START = Instant.parse("2026-11-01T00:00:00Z");
  private static final Instant END = START.plus(SPAN);
  /** Of each device. */
  private static final long MESSAGES = VALUES / DEVICES / IN_A_MESSAGE;

  private static final long STEP_MS = SPAN.toMillis() / (MESSAGES * IN_A_MESSAGE);

  private static final boolean GENERATED =
      System.getProperty("fill", "messages").equals("generated");
  private static final boolean POSTGRES = System.getProperty("engine", "h2").equals("postgres");

  /** How long deleting is looked at, at most; 0: not at all. */
  private static final int DELETE_SECONDS = Integer.getInteger("delete.seconds", 60);

  @TempDir
  Path folder;

  private final MovableClock clock = MovableClock.at(END);
  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private final Random random = new Random(1);
  private long stored;

  @Test
  void measure() throws Exception {
    if (POSTGRES) {
      try (EmbeddedPostgres server =
          EmbeddedPostgres.builder().setServerConfig("fsync", "on").start()) {
        String url = server.getJdbcUrl("ignored", "postgres").replaceAll("\\?.*", "");
        measure(new TelemetryStorage(folder, new TelemetryStorage.Server(url, "postgres", null)));
      }
    } else {
      measure(new TelemetryStorage(folder, null));
    }
  }

  private void measure(TelemetryStorage storage) throws Exception {
    try (TelemetryDatabase database = TelemetryDatabase.open(storage)) {
      if (GENERATED) {
        generate(database);
      } else {
        fill(database);
      }
      stored = MESSAGES * DEVICES;
      rollUp(database);
      series(database, Duration.ofHours(24), 1_000);
      series(database, SPAN, 1_000);
      latest(database);
      if (DELETE_SECONDS > 0) {
        waits(database);
      }
    }
  }

  private static void say(String what, Object... values) {
    System.out.println("FIGURE " + String.format(what, values));
  }

  private static TelemetryMessage message(int device, long sequence, String payload, Instant at) {
    TelemetryTopic topic =
        TelemetryTopic.parse("fleets/f1/devices/d" + device + "/telemetry/env").orElseThrow();
    return TelemetryMessage.read(
        topic,
        new MessageIdentity("b", sequence),
        at,
        null,
        payload.getBytes(StandardCharsets.UTF_8));
  }

  private void generate(TelemetryDatabase database) throws Exception {
    long start = System.nanoTime();
    new GeneratedStore(DEVICES, IN_A_MESSAGE, POSTGRES)
        .fill(database, MESSAGES, START, Duration.ofMillis(STEP_MS));
    double seconds = (System.nanoTime() - start) / 1e9;
    say("generated %d values in %.0f s, %.0f values/s", VALUES, seconds, VALUES / seconds);
  }

  private void fill(TelemetryDatabase database) throws Exception {
    long start = System.nanoTime();
    TelemetryWriter writer = TelemetryWriter.open(
        database,
        new TelemetryWriter.Limits(
            100, IntakeLimits.DEFAULT, new SimpleMeterRegistry().counter("dropped")));
    List<TelemetryMessage> batch = new ArrayList<>();
    for (long sequence = 1; sequence <= MESSAGES; sequence++) {
      long first = START.toEpochMilli() + (sequence - 1) * IN_A_MESSAGE * STEP_MS;
      for (int device = 0; device < DEVICES; device++) {
        batch.add(message(device, sequence, pack(first), Instant.ofEpochMilli(first)));
        if (batch.size() == 200) {
          writer.write(batch, BatchCommit.NO_POSITION);
          batch.clear();
        }
      }
    }
    for (int device = DEVICES; device < ASKED_AT_ONCE; device++) {
      writer.write(List.of(message(device, 1, "{\"t\":1}", END)), BatchCommit.NO_POSITION);
    }
    writer.abandon();
    double seconds = (System.nanoTime() - start) / 1e9;
    say("stored %d values in %.0f s, %.0f values/s", VALUES, seconds, VALUES / seconds);
  }

  private String pack(long firstMs) {
    StringBuilder pack = new StringBuilder("[");
    for (int i = 0; i < IN_A_MESSAGE; i++) {
      pack.append(i == 0 ? "" : ",")
          .append("{\"n\":\"t\",\"v\":")
          .append(random.nextInt(10_000) / 100.0)
          .append(",\"t\":")
          .append((firstMs + i * STEP_MS) / 1_000.0)
          .append('}');
    }
    return pack.append(']').toString();
  }

  private void rollUp(TelemetryDatabase database) throws Exception {
    long start = System.nanoTime();
    Rollups rollups = new Rollups(database, Retention.DEFAULT, clock);
    while (rollups.step()) {
      // More to do.
    }
    rollups.step();
    double seconds = (System.nanoTime() - start) / 1e9;
    say("rolled up in %.0f s, %.0f values/s", seconds, VALUES / seconds);
  }

  private void series(TelemetryDatabase database, Duration span, int points) throws Exception {
    SeriesQuery query = new SeriesQuery(database, Retention.DEFAULT, clock);
    double[] took = new double[300];
    String tier = "";
    for (int i = 0; i < took.length; i++) {
      Instant from =
          START.plusSeconds(random.nextInt((int) Math.max(1, SPAN.minus(span).toSeconds())));
      DeviceId device = new DeviceId("d" + random.nextInt(DEVICES));
      Selection selection = new Selection(List.of(device), "env", "t", from, from.plus(span));
      long start = System.nanoTime();
      tier = query.series(selection, points).tierLabel();
      took[i] = (System.nanoTime() - start) / 1e6;
    }
    say(
        "series of %d h of one metric, %d points, out of %d values, tier %s: %s",
        span.toHours(), points, VALUES, tier, spread(took));
  }

  private void latest(TelemetryDatabase database) throws Exception {
    LatestOfMany query = new LatestOfMany(database);
    List<DeviceId> devices =
        IntStream.range(0, ASKED_AT_ONCE).mapToObj(i -> new DeviceId("d" + i)).toList();
    Selection selection = new Selection(devices, null, null, START, END);
    double[] took = new double[100];
    int found = 0;
    for (int i = 0; i < took.length; i++) {
      long start = System.nanoTime();
      found =
          query.latest(selection, LatestOfMany.Place.START, 10_000).entries().size();
      took[i] = (System.nanoTime() - start) / 1e6;
    }
    say("latest of %d devices, %d values: %s", ASKED_AT_ONCE, found, spread(took));
  }

  /**
   * How long a sender waits: with nothing else going on, then while rollups run, then while all
   * that was there before is deleted.
   */
  private void waits(TelemetryDatabase database) throws Exception {
    Rollups rollups = new Rollups(database, Retention.DEFAULT, clock);
    OldTelemetry old = new OldTelemetry(database, Retention.DEFAULT, clock, meters);
    try (JdbcTelemetrySink direct = JdbcTelemetrySink.start(
            database, IntakeLimits.DEFAULT, AcknowledgedListener.NOBODY, meters);
        JournaledSink journaled = JournaledSink.start(
            folder.resolve("journal"),
            database,
            direct,
            IntakeLimits.DEFAULT,
            AcknowledgedListener.NOBODY,
            meters)) {
      Senders senders = new Senders(direct, journaled);
      senders.send("alone", () -> false);
      try (Upkeep counting =
          Upkeep.start("rollup", rollups::step, Duration.ofSeconds(1), 1, meters)) {
        senders.send("with rollups", () -> false);
        clock.advance(Duration.ofDays(40));
        double gone = 0;
        long start = System.nanoTime();
        try (Upkeep deleting =
            Upkeep.start("retention", old::step, Duration.ofSeconds(10), 4, meters)) {
          senders.send("with rollups, while old messages are deleted", () -> deleted() < stored);
          gone = deleted();
          deleting.problem().ifPresent(System.out::println);
        }
        double seconds = (System.nanoTime() - start) / 1e9;
        say(
            "deleted %.0f messages of %d values each in %.0f s, %.0f values/s; %.0f messages left",
            gone, IN_A_MESSAGE, seconds, gone * IN_A_MESSAGE / seconds, Math.max(0, stored - gone));
        counting.problem().ifPresent(System.out::println);
      }
    }
  }

  private double deleted() {
    return meters.get("muster.telemetry.deleted").counter().count();
  }

  /**
   * Two that send 100 messages a second each: one waits for the commit in the database, as with
   * PostgreSQL; the other for the journal in front of it, as with H2.
   */
  private final class Senders {
    private final JdbcTelemetrySink direct;
    private final JournaledSink journaled;
    private long sequence = 1_000_000;

    Senders(JdbcTelemetrySink direct, JournaledSink journaled) {
      this.direct = direct;
      this.journaled = journaled;
    }

    /** For twenty seconds, and then as long as there is more, up to the limit. */
    void send(String when, BooleanSupplier more) throws Exception {
      Queue<Double> inCommit = new ConcurrentLinkedQueue<>();
      Queue<Double> inJournal = new ConcurrentLinkedQueue<>();
      List<CompletableFuture<Void>> open = new ArrayList<>();
      long begin = System.nanoTime();
      for (int i = 0; i < 4_000 || (more.getAsBoolean() && i < 200 * DELETE_SECONDS); i++) {
        TimeUnit.NANOSECONDS.sleep(begin + i * 5_000_000L - System.nanoTime());
        long sent = System.nanoTime();
        TelemetryMessage message = message(i % DEVICES, sequence++, "{\"t\":1}", clock.instant());
        Queue<Double> took = i % 2 == 0 ? inCommit : inJournal;
        open.add((i % 2 == 0 ? direct : journaled)
            .store(message)
            .thenAccept(stored -> took.add((System.nanoTime() - sent) / 1e6)));
      }
      for (CompletableFuture<Void> result : open) {
        result.get(60, TimeUnit.SECONDS);
      }
      say("commit, 100 messages/s, %s: %s", when, spread(inCommit));
      say("journal, 100 messages/s, %s: %s", when, spread(inJournal));
    }
  }

  private static String spread(Queue<Double> took) {
    return spread(took.stream().mapToDouble(Double::doubleValue).toArray());
  }

  private static String spread(double[] took) {
    double[] sorted = took.clone();
    Arrays.sort(sorted);
    return String.format(
        "p50 %.1f ms, p95 %.1f ms, p99 %.1f ms, most %.1f ms",
        sorted[sorted.length / 2],
        sorted[sorted.length * 95 / 100],
        sorted[sorted.length * 99 / 100],
        sorted[sorted.length - 1]);
  }
}
