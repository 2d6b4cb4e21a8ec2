/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.telemetry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.muster.broker.telemetry.TelemetrySink.Stored;
import dev.muster.broker.telemetry.journal.JournalOnDisk;
import dev.muster.protocol.identity.DeviceId;
import dev.muster.protocol.telemetry.MessageIdentity;
import dev.muster.protocol.topic.FleetTopics.TelemetryTopic;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLTransientConnectionException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.h2.store.fs.FilePath;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A journal in front of a database whose disk can be full while that of the journal is not. */
class JournaledSinkTest {
  private static final Instant NOW = Instant.parse("2026-11-21T12:00:00Z");
  private static final DeviceId DEVICE = new DeviceId("d1");

  @TempDir
  Path folder;

  private final MeterRegistry meters = new SimpleMeterRegistry();
  private final List<TelemetryMessage> told = new CopyOnWriteArrayList<>();
  private IntakeLimits limits = IntakeLimits.DEFAULT;
  private TelemetryDatabase database;
  private JdbcTelemetrySink direct;
  private JournaledSink sink;
  private final FlushingDisk disk = new FlushingDisk();

  @BeforeEach
  void open() {
    FilePath.register(new FullDiskTest.FullDisk());
    FullDiskTest.FullDisk.full = false;
    open(folder.resolve("journal"));
  }

  private void open(Path journal) {
    database =
        TelemetryDatabase.open(EmbeddedEngine.at("jdbc:h2:full:" + folder.resolve("t"), "t"));
    direct = JdbcTelemetrySink.start(database, limits, told::add, meters);
    sink = JournaledSink.start(
        journal,
        (path, least) -> JournalOnDisk.open(path, least, disk),
        database,
        direct,
        limits,
        told::add,
        meters);
  }

  @AfterEach
  void end() {
    FullDiskTest.FullDisk.full = false;
    close();
  }

  private void close() {
    sink.close();
    direct.close();
    database.close();
  }

  private static TelemetryMessage message(long sequence, String payload) {
    MessageIdentity identity = sequence == 0 ? null : new MessageIdentity("b", sequence);
    TelemetryTopic topic =
        TelemetryTopic.parse("fleets/f1/devices/d1/telemetry/s").orElseThrow();
    return TelemetryMessage.read(
        topic, identity, NOW, null, payload.getBytes(StandardCharsets.UTF_8));
  }

  private Stored store(TelemetryMessage message) throws Exception {
    return sink.store(message).get(10, TimeUnit.SECONDS);
  }

  private double stored(String outcome) {
    return meters
        .get("muster.telemetry.stored")
        .tag("outcome", outcome)
        .counter()
        .count();
  }

  private List<Long> toldOf() {
    return told.stream()
        .map(message -> message.identity() == null ? 0 : message.identity().sequence())
        .toList();
  }

  private List<Long> sequences() throws Exception {
    return new MessageQuery(database)
        .messages(DEVICE, 0, 10_000).entries().stream()
            .map(MessageQuery.Message::sequence)
            .toList();
  }

  @Test
  void message_isAcknowledgedWhenItIsFlushed_andNotIfThatFails() throws Exception {
    CountDownLatch flushed = disk.hold();
    CompletableFuture<Stored> first = sink.store(message(1, "1"));
    disk.awaitFlush();
    assertThat(first).as("written, and not flushed").isNotDone();
    assertThat(told).as("shown before it is on the disk").isEmpty();
    flushed.countDown();
    assertThat(first.get(60, TimeUnit.SECONDS)).isEqualTo(Stored.NEW);
    await().untilAsserted(() -> assertThat(toldOf()).containsExactly(1L));
    disk.beforeFlush(() -> {
      throw new IOException("no flush");
    });
    assertThatThrownBy(() -> sink.store(message(2, "2")).get(60, TimeUnit.SECONDS))
        .hasCauseInstanceOf(NotStoredException.class);
    disk.beforeFlush(() -> {});
    store(message(3, "3"));
    await().untilAsserted(() -> assertThat(toldOf()).containsExactly(1L, 3L));
  }

  @Test
  void messagesSentTogether_shareAFlush() {
    CountDownLatch all = disk.hold();
    List<CompletableFuture<Stored>> stored = new ArrayList<>();
    for (int i = 1; i <= 100; i++) {
      stored.add(sink.store(message(i, "1")));
    }
    disk.awaitFlush();
    all.countDown();
    CompletableFuture.allOf(stored.toArray(CompletableFuture[]::new))
        .orTimeout(60, TimeUnit.SECONDS)
        .join();
    assertThat(disk.flushes()).as("what came first, and then the others").isLessThanOrEqualTo(2);
  }

  /** Whoever is turned away comes back over a new connection, which costs more than to wait. */
  @Test
  void oneOfEachOfManyDevices_waitsForADiskThatHangs_andSoMuchInAll() {
    CountDownLatch all = disk.hold();
    List<CompletableFuture<Stored>> stored = new ArrayList<>();
    stored.add(sink.store(message(0, "1")));
    disk.awaitFlush();
    for (int i = 0; i < 20_000; i++) {
      stored.add(sink.store(message(0, "1")));
    }
    assertThat(stored).as("too many are turned away").noneMatch(CompletableFuture::isDone);
    String large = "\"" + "x".repeat(64 * 1024) + "\"";
    for (int i = 0; i < 256; i++) {
      stored.add(sink.store(message(0, large)));
    }
    CompletableFuture<Stored> tooMuch = stored.remove(stored.size() - 1);
    assertThat(tooMuch).as("more than 16 MiB").isCompletedExceptionally();
    all.countDown();
    CompletableFuture.allOf(stored.toArray(CompletableFuture[]::new))
        .orTimeout(60, TimeUnit.SECONDS)
        .join();
  }

  @Test
  void whatIsAcknowledged_isInTheDatabaseSoon_andTheListenerIsTold() throws Exception {
    assertThat(store(message(1, "1"))).isEqualTo(Stored.NEW);
    assertThat(store(message(2, "?"))).isEqualTo(Stored.DEAD_LETTER);
    await().untilAsserted(() -> assertThat(sequences()).containsExactly(1L));
    assertThat(store(message(1, "1"))).as("sent again").isEqualTo(Stored.NEW);
    assertThat(store(message(3, "3"))).isEqualTo(Stored.NEW);
    await().untilAsserted(() -> assertThat(sequences()).containsExactly(1L, 3L));
    await()
        .untilAsserted(() -> assertThat(toldOf())
            .as("a redelivery, too; nothing unreadable")
            .containsExactly(1L, 1L, 3L));
    await().untilAsserted(() -> assertThat(stored("duplicate")).isEqualTo(1));
    assertThat(stored("dead_letter")).isEqualTo(1);
  }

  @Test
  void whoWaitsForTheDatabase_findsWhatWasAcknowledged_withoutTheUsualPause() throws Exception {
    for (int i = 1; i <= 20; i++) {
      store(message(i, "1"));
      sink.settled().get(10, TimeUnit.SECONDS);
      assertThat(sequences()).hasSize(i);
    }
    assertThat(sink.settled()).as("nothing waits").isDone();
    FullDiskTest.FullDisk.full = true;
    store(message(21, "1"));
    sink.settled().get(10, TimeUnit.SECONDS);
    await().untilAsserted(() -> assertThat(sink.problem()).isPresent());
  }

  @Test
  void aFlushThatFails_afterTheCommit_storesNothingTwice_andPassesByItself() throws Exception {
    FailingDisk disk = new FailingDisk(folder);
    try (TelemetryDatabase failing = TelemetryDatabase.open(disk);
        JournaledSink journaled = JournaledSink.start(
            folder.resolve("other"),
            failing,
            direct,
            IntakeLimits.DEFAULT,
            AcknowledgedListener.NOBODY,
            new SimpleMeterRegistry())) {
      disk.fails.set(true);
      for (int i = 0; i < 3; i++) {
        journaled.store(message(0, "1")).get(10, TimeUnit.SECONDS);
      }
      await().until(() -> journaled.problem().isPresent());
      disk.fails.set(false);
      await().until(() -> journaled.problem().isEmpty());
      journaled.store(message(0, "1")).get(10, TimeUnit.SECONDS);
      journaled.settled().get(10, TimeUnit.SECONDS);
      assertThat(new MessageQuery(failing).messages(DEVICE, 0, 10).entries()).hasSize(4);
    }
  }

  @Test
  void manyAtOnce_againAndAgain_leaveRoomForMore() throws Exception {
    for (int round = 0; round < 5; round++) {
      List<CompletableFuture<Stored>> results = new ArrayList<>();
      for (int i = 1; i <= 1_000; i++) {
        results.add(sink.store(message(round * 1_000L + i, "1")));
      }
      CompletableFuture.allOf(results.toArray(CompletableFuture[]::new)).get(30, TimeUnit.SECONDS);
    }
    sink.settled().get(30, TimeUnit.SECONDS);
    assertThat(meters.get("muster.telemetry.journal.bytes").gauge().value()).isZero();
    assertThat(sequences()).hasSize(5_000).doesNotHaveDuplicates();
  }

  @Test
  void aDatabaseThatFails_isWaitedFor_andWhatWaitsIsBounded() throws Exception {
    FullDiskTest.FullDisk.full = true;
    List<CompletableFuture<Stored>> results = new ArrayList<>();
    long acknowledged = 0;
    String large = "1" + " ".repeat(400);
    for (int i = 1; i <= 60_000 && acknowledged == results.size(); i += 1_000) {
      for (int j = i; j < i + 1_000; j++) {
        results.add(sink.store(message(j, large)));
      }
      CompletableFuture.allOf(results.toArray(CompletableFuture[]::new))
          .handle((done, failure) -> null)
          .get(20, TimeUnit.SECONDS);
      acknowledged =
          results.stream().filter(one -> !one.isCompletedExceptionally()).count();
    }
    assertThat(meters.get("muster.telemetry.journal.bytes").gauge().value())
        .as("acknowledged without the database")
        .isBetween((double) JournalDrain.FIRST_ROOM, JournalDrain.FIRST_ROOM + 1_024.0 * 512);
    assertThat(sink.problem())
        .hasValueSatisfying(text -> assertThat(text).startsWith("telemetry store: "));
    FullDiskTest.FullDisk.full = false;
    long most = acknowledged;
    await()
        .atMost(Duration.ofSeconds(60))
        // As long as H2 closes the file that failed, nobody can open it.
        .ignoreException(SQLTransientConnectionException.class)
        .untilAsserted(() -> {
          assertThat(sequences()).hasSize((int) most).doesNotHaveDuplicates();
          assertThat(sink.problem()).isEmpty();
        });
  }

  @Test
  void databaseThatTakesLessThanComes_isFarBehind_ifSoMuchMayBeAcknowledged() throws Exception {
    close();
    limits = new IntakeLimits(Duration.ofMinutes(5), 1, 1, 16 * JournalDrain.FIRST_ROOM);
    open(folder.resolve("journal"));
    try (Connection holding = database.connect();
        Statement statement = holding.createStatement()) {
      holding.setAutoCommit(false);
      // Whoever stores notes there how far.
      statement.execute("SELECT position FROM ingest_journal FOR UPDATE");
      storeTogether(1, 24);
      storeTogether(25, 48);
      assertThat(sink.behind()).hasValueSatisfying(text -> assertThat(text).contains(" 3 MiB are"));
      assertThat(sink.settled()).as("nobody waits for that").isDone();
      holding.rollback();
    }
    await()
        .atMost(Duration.ofSeconds(60))
        .untilAsserted(() -> assertThat(sequences()).hasSize(48));
    await().untilAsserted(() -> assertThat(sink.behind()).isEmpty());
  }

  /** Of 64 KiB each. */
  private void storeTogether(int first, int last) {
    CompletableFuture.allOf(IntStream.rangeClosed(first, last)
            .mapToObj(i -> sink.store(message(i, "1" + " ".repeat(64 * 1024))))
            .toArray(CompletableFuture[]::new))
        .orTimeout(60, TimeUnit.SECONDS)
        .join();
  }

  @Test
  void whatTheDatabaseDoesNotTake_isToldOf_andStoredAfterTheNextStart_withoutAWord()
      throws Exception {
    FullDiskTest.FullDisk.full = true;
    assertThat(store(message(1, "1"))).isEqualTo(Stored.NEW);
    assertThat(store(message(0, "2"))).isEqualTo(Stored.NEW);
    await().untilAsserted(() -> assertThat(toldOf()).containsExactly(1L, 0L));
    close();
    FullDiskTest.FullDisk.full = false;
    open(folder.resolve("journal"));
    await().untilAsserted(() -> assertThat(sequences()).hasSize(2));
    store(message(3, "3"));
    await().untilAsserted(() -> assertThat(sequences()).hasSize(3));
    await().untilAsserted(() -> assertThat(toldOf()).containsExactly(1L, 0L, 3L));
  }

  @Test
  void whatTheDatabaseHas_isNotTakenFromTheJournalAgain() throws Exception {
    // Without an identity, nothing but the position tells that it is there.
    store(message(0, "1"));
    store(message(0, "2"));
    await().untilAsserted(() -> assertThat(sequences()).hasSize(2));
    Path copy = Files.createDirectory(folder.resolve("copy"));
    copy(folder.resolve("journal"), copy);
    close();
    open(copy);
    store(message(0, "3"));
    sink.settled().get(60, TimeUnit.SECONDS);
    assertThat(sequences()).hasSize(3);
  }

  private static void copy(Path from, Path to) throws IOException {
    try (Stream<Path> files = Files.list(from)) {
      for (Path file : files.toList()) {
        Files.copy(file, to.resolve(file.getFileName()));
      }
    }
  }

  @Test
  void afterAClose_nothingIsTaken_andNoFileIsLeft() throws Exception {
    store(message(1, "1"));
    sink.close();
    CompletableFuture<Stored> late = sink.store(message(2, "2"));
    assertThatThrownBy(() -> late.get(1, TimeUnit.SECONDS))
        .hasCauseInstanceOf(NotStoredException.class);
    assertThat(sequences()).containsExactly(1L);
    assertThat(folder.resolve("journal")).isEmptyDirectory();
  }

  @ParameterizedTest
  @CsvSource({"10, 500", "100, 1000", "250, 1500", "2000, 1500"})
  void commits_followEachOther_theSoonerTheLessTheyTake(long tookMs, long paceMs) {
    assertThat(JournalDrain.paceNs(TimeUnit.MILLISECONDS.toNanos(tookMs)))
        .isEqualTo(TimeUnit.MILLISECONDS.toNanos(paceMs));
  }
}
