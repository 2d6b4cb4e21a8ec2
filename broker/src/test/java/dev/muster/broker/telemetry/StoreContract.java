/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.telemetry;

import static org.assertj.core.api.Assertions.assertThat;

import dev.muster.broker.telemetry.TelemetrySink.Stored;
import dev.muster.broker.telemetry.deadletter.DeadLetter;
import dev.muster.broker.telemetry.deadletter.DeadLetters;
import dev.muster.broker.telemetry.retention.OldTelemetry;
import dev.muster.broker.telemetry.retention.Retention;
import dev.muster.broker.telemetry.rollup.Rollup;
import dev.muster.broker.telemetry.rollup.RollupRows;
import dev.muster.broker.telemetry.rollup.Rollups;
import dev.muster.broker.telemetry.rollup.Tier;
import dev.muster.protocol.identity.DeviceId;
import dev.muster.protocol.telemetry.MessageIdentity;
import dev.muster.protocol.topic.FleetTopics.TelemetryTopic;
import dev.muster.testing.MovableClock;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What the store keeps to, whichever database it is in. */
abstract class StoreContract {
  static final Instant NOW = Instant.parse("2026-11-21T12:00:00Z");
  static final DeviceId DEVICE = new DeviceId("d1");
  static final long T0 = NOW.getEpochSecond() - 12 * 3_600;

  final MovableClock clock = MovableClock.at(NOW);
  final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  TelemetryDatabase database;
  JdbcTelemetrySink sink;
  private MessageQuery messages;
  Rollups rollups;
  long sequence;

  /** Opens the database, the same one each time. */
  abstract TelemetryDatabase openDatabase() throws Exception;

  @BeforeEach
  void open() throws Exception {
    database = openDatabase();
    sink = JdbcTelemetrySink.start(
        database, IntakeLimits.DEFAULT, AcknowledgedListener.NOBODY, meters);
    messages = new MessageQuery(database);
    rollups = newRollups();
  }

  @AfterEach
  void close() {
    sink.close();
    database.close();
  }

  private Rollups newRollups() {
    return new Rollups(database, Retention.DEFAULT, clock);
  }

  final TelemetryMessage message(String stream, long number, String payload) {
    return message("d1", stream, number, payload);
  }

  final TelemetryMessage message(String device, String stream, long number, String payload) {
    return message(device, stream, number == 0 ? null : new MessageIdentity("b", number), payload);
  }

  private TelemetryMessage message(MessageIdentity identity) {
    return message("d1", "a", identity, "1");
  }

  private TelemetryMessage message(
      String device, String stream, @Nullable MessageIdentity identity, String payload) {
    TelemetryTopic topic = TelemetryTopic.parse(
            "fleets/f1/devices/" + device + "/telemetry/" + stream)
        .orElseThrow();
    return TelemetryMessage.read(
        topic, identity, clock.instant(), null, payload.getBytes(StandardCharsets.UTF_8));
  }

  final Stored store(TelemetryMessage message) throws Exception {
    return sink.store(message).get(10, TimeUnit.SECONDS);
  }

  final Stored store(long second, double value) throws Exception {
    return store(message("a", ++sequence, pack(second, value)));
  }

  static String pack(long second, double value) {
    return "[{\"n\":\"t\",\"v\":" + value + ",\"t\":" + second + "}]";
  }

  static void finish(Rollups rollups) throws SQLException {
    while (rollups.step()) {
      // More to do.
    }
    // With nothing new, hours and days are written, too.
    rollups.step();
  }

  private List<RollupRows.Bucket> buckets(Tier tier) throws SQLException {
    try (Connection connection = database.connect()) {
      long series = number(connection, "SELECT series FROM latest WHERE metric='t'");
      return RollupRows.read(
          connection, tier, series, Integer.MIN_VALUE, Integer.MAX_VALUE, 10_000);
    }
  }

  private static long number(Connection connection, String sql) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery(sql)) {
      rows.next();
      return rows.getLong(1);
    }
  }

  private long count(String table) throws SQLException {
    try (Connection connection = database.connect()) {
      return number(connection, "SELECT COUNT(*) FROM " + table);
    }
  }

  final List<DeadLetter> letters(@Nullable DeviceId device) throws SQLException {
    return new DeadLetters(database).list(device, Long.MAX_VALUE, 1_000, true).entries();
  }

  @Test
  void identity_isDeviceStreamBootSequence() throws Exception {
    assertThat(store(message("a", 1, "1"))).isEqualTo(Stored.NEW);
    assertThat(store(message("a", 1, "2"))).isEqualTo(Stored.DUPLICATE);
    assertThat(store(message("b", 1, "1"))).isEqualTo(Stored.NEW);
    assertThat(store(message("a", 0, "1"))).isEqualTo(Stored.NEW);
    assertThat(store(message("a", 0, "1"))).isEqualTo(Stored.NEW);
    assertThat(store(message("a", 2, "?"))).isEqualTo(Stored.DEAD_LETTER);
    assertThat(store(message("a", 2, "?"))).isEqualTo(Stored.DUPLICATE);
    assertThat(store(message(new MessageIdentity("c", 1)))).isEqualTo(Stored.NEW);
    assertThat(store(message(new MessageIdentity("c", 1)))).isEqualTo(Stored.DUPLICATE);
    assertThat(store(message("d2", "a", 1, "1"))).isEqualTo(Stored.NEW);
    assertThat(messages.messages(DEVICE, 0, 100).entries()).hasSize(5);
    assertThat(letters(DEVICE)).hasSize(1);
  }

  /** The database has room for 400 characters, and would refuse the batch again and again. */
  @Test
  void reasonThatIsTooLong_isCut_andHoldsUpNobody() throws Exception {
    TelemetryMessage strange = message("a", 1, "1").asUnreadable("x".repeat(500));
    assertThat(store(strange)).isEqualTo(Stored.DEAD_LETTER);
    assertThat(store(message("a", 2, "1"))).isEqualTo(Stored.NEW);
    assertThat(letters(DEVICE)).hasSize(1);
  }

  @Test
  void duplicatesInOneBatch_areStoredOnce() throws Exception {
    List<CompletableFuture<Stored>> results = new ArrayList<>();
    for (int i = 0; i < 300; i++) {
      results.add(sink.store(message("a", 1 + i % 3, "1")));
    }
    for (CompletableFuture<Stored> result : results) {
      result.get(10, TimeUnit.SECONDS);
    }
    assertThat(messages.messages(DEVICE, 0, 1_000).entries()).hasSize(3);
  }

  @Test
  void twoWriters_giveIdsInTheOrderOfCommits() throws Exception {
    try (JdbcTelemetrySink other = JdbcTelemetrySink.start(
        database, IntakeLimits.DEFAULT, AcknowledgedListener.NOBODY, meters)) {
      List<CompletableFuture<Stored>> results = new ArrayList<>();
      for (int i = 1; i <= 400; i++) {
        results.add((i % 2 == 0 ? sink : other).store(message("a", 1 + i / 2, "1")));
      }
      for (CompletableFuture<Stored> result : results) {
        result.get(20, TimeUnit.SECONDS);
      }
    }
    assertThat(messages.messages(DEVICE, 0, 1_000).entries())
        .as("each sequence was sent to both")
        .hasSize(201)
        .doesNotHaveDuplicates();
    assertThat(letters(DEVICE)).isEmpty();
  }

  @Test
  void latest_isTheNewestByTheTimeOfTheEvent_thenBySequence() throws Exception {
    store(message("a", 1, "[{\"n\":\"t\",\"u\":\"Cel\",\"v\":2,\"t\":1700000001}]"));
    store(message("a", 2, "[{\"n\":\"t\",\"v\":1,\"t\":1700000000}]"));
    assertThat(latest()).isEqualTo(2.0);
    store(message("a", 9, pack(1_700_000_002, 9)));
    store(message("a", 8, pack(1_700_000_002, 8)));
    assertThat(latest()).as("sent again, later").isEqualTo(9.0);
  }

  private Object latest() throws SQLException {
    return new TelemetryQuery(database)
        .latest(DEVICE, TelemetryQuery.Place.START, 10)
        .entries()
        .get(0)
        .value();
  }

  @Test
  void rollups_countLeastMostMeanLast() throws Exception {
    store(T0, 3);
    store(T0 + 59, 1);
    store(T0 + 30, 8);
    store(T0 + 60, 100);
    finish(rollups);
    assertThat(buckets(Tier.MINUTE)).hasSize(2);
    Rollup first = buckets(Tier.MINUTE).get(0).rollup();
    assertThat(first.count()).isEqualTo(3);
    assertThat(first.least()).isEqualTo(1);
    assertThat(first.most()).isEqualTo(8);
    assertThat(first.mean()).isEqualTo(4);
    assertThat(first.last()).as("by the time of the event").isEqualTo(1);
    assertThat(buckets(Tier.HOUR)).singleElement().satisfies(hour -> {
      assertThat(hour.rollup().count()).isEqualTo(4);
      assertThat(hour.rollup().mean()).isEqualTo(28);
      assertThat(hour.rollup().last()).isEqualTo(100);
    });
    assertThat(buckets(Tier.DAY))
        .singleElement()
        .satisfies(day -> assertThat(day.rollup().count()).isEqualTo(4));
  }

  @Test
  void lateData_correctsBucketsThatWereWritten() throws Exception {
    store(T0 + 10, 5);
    store(T0 + 7_200, 5);
    finish(rollups);
    store(T0 + 20, 50);
    store(T0 + 5, -50);
    finish(rollups);
    Rollup minute = buckets(Tier.MINUTE).get(0).rollup();
    assertThat(minute.count()).isEqualTo(3);
    assertThat(minute.least()).isEqualTo(-50);
    assertThat(minute.last()).isEqualTo(50);
    assertThat(buckets(Tier.HOUR).get(0).rollup().most()).isEqualTo(50);
    assertThat(buckets(Tier.DAY).get(0).rollup().last()).as("unchanged").isEqualTo(5);
  }

  @Test
  void redelivery_countsOnce() throws Exception {
    TelemetryMessage one = message("a", 7, pack(T0, 5));
    store(one);
    finish(rollups);
    assertThat(store(one)).isEqualTo(Stored.DUPLICATE);
    finish(rollups);
    finish(newRollups());
    assertThat(buckets(Tier.DAY).get(0).rollup().count()).isEqualTo(1);
  }

  @Test
  void rollupsThatEndInBetween_countEachMessageOnce() throws Exception {
    Random random = new Random(4);
    int sent = 0;
    double sum = 0;
    for (int round = 0; round < 12; round++) {
      for (int i = 0; i < 20; i++, sent++) {
        double value = random.nextInt(1_000);
        sum += value;
        store(T0 + random.nextInt(30_000), value);
      }
      // Minutes are written by this, hours and days are not; then all that is in memory is lost.
      newRollups().step();
    }
    finish(newRollups());
    for (Tier tier : Tier.values()) {
      long counted = 0;
      double total = 0;
      for (RollupRows.Bucket bucket : buckets(tier)) {
        counted += bucket.rollup().count();
        total += bucket.rollup().count() * bucket.rollup().mean();
      }
      assertThat(counted).as(tier.label()).isEqualTo(sent);
      assertThat(total).as(tier.label()).isCloseTo(sum, org.assertj.core.data.Offset.offset(1e-6));
    }
  }

  @Test
  void twoThatCount_takeTurns() throws Exception {
    Rollups other = newRollups();
    store(T0, 1);
    finish(rollups);
    other.step();
    store(T0 + 1, 2);
    rollups.step();
    other.step();
    store(T0 + 2, 3);
    other.step();
    clock.advance(Duration.ofMinutes(6));
    finish(other);
    finish(rollups);
    for (Tier tier : Tier.values()) {
      assertThat(buckets(tier).get(0).rollup().count()).as(tier.label()).isEqualTo(3);
    }
  }

  @Test
  void hugeNumbers_andTextsAmongThem_doNotStopTheRollups() throws Exception {
    store(T0, 1.7e308);
    store(T0 + 1, 1.7e308);
    store(T0 + 2, 5e-324);
    store(message("a", ++sequence, "{\"t\":\"text\"}"));
    store(message("a", ++sequence, pack(200_000_000_000L, 1)));
    finish(rollups);
    Rollup minute = buckets(Tier.MINUTE).get(0).rollup();
    assertThat(minute.count()).isEqualTo(3);
    assertThat(minute.mean()).isFinite().isBetween(1e308, 1.7e308);
  }

  @Test
  void oldMessages_areDeleted_butTheirRollupsStay() throws Exception {
    for (int i = 0; i < 450; i++) {
      store(T0 + i, i);
    }
    store(message("b", 1, "1"));
    clock.advance(Duration.ofDays(29));
    store(message("b", 2, "1"));
    clock.advance(Duration.ofDays(2));
    OldTelemetry old = new OldTelemetry(database, Retention.DEFAULT, clock, meters);
    assertThat(old.step()).isFalse();
    assertThat(count("message")).as("not yet counted").isEqualTo(452);
    finish(rollups);
    int slices = 1;
    while (old.step()) {
      slices++;
    }
    assertThat(slices).isGreaterThan(4);
    assertThat(count("message")).isEqualTo(1);
    assertThat(count("sample")).isEqualTo(1);
    assertThat(buckets(Tier.DAY).get(0).rollup().count()).isEqualTo(450);
    assertThat(latest()).as("the newest value outlives its message").isEqualTo(449.0);
  }

  @Test
  void whileOldMessagesAreDeleted_newOnesAreStored() throws Exception {
    List<CompletableFuture<Stored>> old = new ArrayList<>();
    for (int i = 1; i <= 3_000; i++) {
      old.add(sink.store(message("a", ++sequence, "1")));
    }
    done(old);
    finish(rollups);
    clock.advance(Duration.ofDays(31));
    OldTelemetry deleting = new OldTelemetry(database, Retention.DEFAULT, clock, meters);
    AtomicInteger slices = new AtomicInteger();
    CompletableFuture<Void> gone = CompletableFuture.runAsync(() -> {
      try {
        while (deleting.step()) {
          slices.incrementAndGet();
        }
      } catch (SQLException e) {
        throw new CompletionException(e);
      }
    });
    List<CompletableFuture<Stored>> young = new ArrayList<>();
    for (int i = 0; i < 500; i++) {
      young.add(sink.store(message("b", ++sequence, "2")));
    }
    assertThat(done(young)).containsOnly(Stored.NEW);
    gone.get(60, TimeUnit.SECONDS);
    assertThat(slices.get()).isGreaterThan(4);
    assertThat(count("message")).isEqualTo(500);
  }

  private static List<Stored> done(List<CompletableFuture<Stored>> stored) {
    CompletableFuture.allOf(stored.toArray(CompletableFuture[]::new))
        .orTimeout(60, TimeUnit.SECONDS)
        .join();
    return stored.stream().map(CompletableFuture::join).toList();
  }

  @Test
  void newMessages_afterAllWereDeleted_areCounted() throws Exception {
    store(T0, 1);
    finish(rollups);
    clock.advance(Duration.ofDays(31));
    new OldTelemetry(database, Retention.DEFAULT, clock, meters).step();
    assertThat(count("message")).isZero();
    close();
    open();
    store(T0 + 1, 2);
    finish(rollups);
    assertThat(buckets(Tier.DAY).get(0).rollup().count()).isEqualTo(2);
  }

  @Test
  void oldRollups_areDeletedTierByTier() throws Exception {
    for (int device = 1; device <= 3; device++) {
      for (int hour = 0; hour < 3; hour++) {
        long second = T0 + hour * 3_600;
        store(message("d" + device, "a", ++sequence, pack(second, 1)));
      }
    }
    finish(rollups);
    assertThat(count("rollup_1m")).isEqualTo(9);
    clock.advance(Duration.ofDays(90).minusHours(11).minusMinutes(1));
    OldTelemetry old = new OldTelemetry(database, Retention.DEFAULT, clock, meters);
    finish(old);
    assertThat(count("rollup_1m")).as("one hour of three is over").isEqualTo(6);
    assertThat(count("rollup_1h")).isEqualTo(9);
    assertThat(count("rollup_1d")).isEqualTo(3);
    store(message("d1", "a", ++sequence, pack(T0, 1)));
    finish(rollups);
    assertThat(count("rollup_1m")).as("nothing comes back into what is over").isEqualTo(6);
    assertThat(buckets(Tier.DAY).get(0).rollup().count()).isEqualTo(4);

    clock.advance(Duration.ofDays(641));
    finish(old);
    assertThat(count("rollup_1m")).as("after two years").isZero();
    assertThat(count("rollup_1h")).isZero();
    assertThat(count("rollup_1d")).isEqualTo(3);
    clock.advance(Duration.ofDays(2_921));
    finish(old);
    assertThat(count("rollup_1d")).as("after ten years").isZero();
  }

  private static void finish(OldTelemetry old) throws Exception {
    while (old.step()) {
      // More to do.
    }
  }
}
