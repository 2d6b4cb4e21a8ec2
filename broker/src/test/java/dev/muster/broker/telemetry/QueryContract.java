/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.telemetry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import dev.muster.broker.telemetry.query.Export;
import dev.muster.broker.telemetry.query.LatestOfMany;
import dev.muster.broker.telemetry.query.Point;
import dev.muster.broker.telemetry.query.RawValues;
import dev.muster.broker.telemetry.query.RawValues.RawValue;
import dev.muster.broker.telemetry.query.Selection;
import dev.muster.broker.telemetry.query.SeriesQuery;
import dev.muster.broker.telemetry.query.SeriesQuery.Series;
import dev.muster.broker.telemetry.retention.OldTelemetry;
import dev.muster.broker.telemetry.retention.Retention;
import dev.muster.broker.telemetry.rollup.Tier;
import dev.muster.protocol.identity.DeviceId;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.IntToDoubleFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/** What queries keep to, whichever database they ask. */
abstract class QueryContract extends StoreContract {
  private static final RawValues.Key KEY = new RawValues.Key(DEVICE, "a", "t");
  private static final String LONG_TEXT = "x".repeat(4_096);
  private static final Instant START = Instant.ofEpochSecond(T0);

  /** A statement that nobody waits for. */
  abstract String endless();

  @Test
  void question_thatTakesTooLong_isStopped_andGoesOnWithNoOtherStatement() throws Exception {
    try (Connection connection = ReadingConnection.of(database.connect(), Duration.ofSeconds(1))) {
      assertThatThrownBy(() -> ask(connection, endless())).matches(TelemetryDatabase::tookTooLong);
      assertThatThrownBy(() -> ask(connection, "SELECT 1")).matches(TelemetryDatabase::tookTooLong);
    }
  }

  private static void ask(Connection connection, String sql) throws SQLException {
    try (PreparedStatement select = connection.prepareStatement(sql)) {
      select.execute();
    }
  }

  @Test
  void limitOfAQuestion_isNotThatOfWhoeverHasTheConnectionNext() throws Exception {
    List<Connection> next = new ArrayList<>();
    try {
      try (Connection connection = database.connectToRead();
          PreparedStatement select = connection.prepareStatement("SELECT 1")) {
        assertThat(select.getQueryTimeout()).isBetween(1, 10);
      }
      for (int i = 0; i < 4; i++) {
        next.add(database.connect());
        try (Statement any = next.get(i).createStatement()) {
          assertThat(any.getQueryTimeout()).isZero();
        }
      }
    } finally {
      for (Connection connection : next) {
        connection.close();
      }
    }
  }

  private static Selection selection(Instant from, Instant to) {
    return new Selection(List.of(DEVICE), null, null, from, to);
  }

  private SeriesQuery.Answer series(Instant from, Instant to, int points) throws Exception {
    return new SeriesQuery(database, Retention.DEFAULT, clock).series(selection(from, to), points);
  }

  private Series only(Instant from, Instant to, int points) throws Exception {
    return series(from, to, points).series().get(0);
  }

  /** A value every 30 seconds for 12 hours, one of them high and one low. */
  private void storeHalfADay() throws Exception {
    for (int pack = 0; pack < 10; pack++) {
      List<String> records = new ArrayList<>();
      for (int i = 0; i < 144; i++) {
        int number = pack * 144 + i;
        double value = number == 700 ? 99 : number == 1_300 ? -99 : number % 7;
        records.add(
            "{\"n\":\"t\",\"u\":\"Cel\",\"v\":" + value + ",\"t\":" + (T0 + number * 30) + "}");
      }
      store(message("a", ++sequence, "[" + String.join(",", records) + "]"));
    }
    finish(rollups);
  }

  @Test
  void series_ofManyValues_comesFromMinutes_andKeepsPeaks() throws Exception {
    storeHalfADay();
    Series one = only(START, START.plus(Duration.ofHours(12)), 100);
    assertThat(one.tier()).isEqualTo(Tier.MINUTE);
    assertThat(one.step()).isEqualTo(Duration.ofMinutes(8));
    assertThat(one.name().unit()).isEqualTo("Cel");
    assertThat(one.points()).hasSizeBetween(50, 100);
    assertThat(one.points().stream().mapToDouble(point -> point.rollup().most()).max())
        .hasValue(99);
    assertThat(
            one.points().stream().mapToDouble(point -> point.rollup().least()).min())
        .hasValue(-99);
    assertThat(one.points().stream().mapToLong(point -> point.rollup().count()).sum())
        .isEqualTo(1_440);
    assertThat(one.points()).isSortedAccordingTo((a, b) -> a.time().compareTo(b.time()));
  }

  @Test
  void series_ofFewHours_fromHours() throws Exception {
    storeHalfADay();
    Series one = only(START, START.plus(Duration.ofHours(12)), 20);
    assertThat(one.tier()).isEqualTo(Tier.HOUR);
    assertThat(one.points()).hasSize(12);
  }

  @Test
  void series_ofAShortTime_isRaw() throws Exception {
    storeHalfADay();
    Series one = only(START, START.plus(Duration.ofMinutes(10)), 1_000);
    assertThat(one.tier()).isNull();
    assertThat(one.points()).hasSize(20);
  }

  @Test
  void series_askedForFromTheBeginningOfTime_looksWhereThereIsSomething() throws Exception {
    storeHalfADay();
    Series one = only(Micros.EARLIEST, Micros.LATEST, 100);
    assertThat(one.tier()).isEqualTo(Tier.MINUTE);
    assertThat(one.points()).hasSizeBetween(50, 100);
  }

  @Test
  void series_ofFewValuesOverALongTime_isRaw() throws Exception {
    store(T0, 1);
    store(T0 + 3_600, 2);
    finish(rollups);
    Series one = only(Micros.EARLIEST, Micros.LATEST, 100);
    assertThat(one.tier()).isNull();
    assertThat(one.points()).extracting(Point::value).containsExactly(1.0, 2.0);
  }

  @Test
  void series_ofTexts_isRaw_andNotYetCountedToo() throws Exception {
    store(message("a", ++sequence, "{\"state\":\"on\",\"open\":true,\"level\":3}"));
    assertThat(series(START, NOW.plusSeconds(1), 2).series())
        .extracting(one -> one.name().metric() + "=" + one.points().get(0).value())
        .containsExactly("level=3.0", "open=true", "state=on");
  }

  @Test
  void series_ofWhatIsNoLongerRaw_comesFromRollups_howeverClose() throws Exception {
    storeHalfADay();
    clock.advance(Duration.ofDays(40));
    OldTelemetry old = new OldTelemetry(database, Retention.DEFAULT, clock, meters);
    while (old.step()) {
      // More to do.
    }
    Series one = only(START, START.plus(Duration.ofMinutes(10)), 1_000);
    assertThat(one.tier()).isEqualTo(Tier.MINUTE);
    assertThat(one.points()).hasSize(10);
    clock.advance(Duration.ofDays(100));
    assertThat(only(START, START.plus(Duration.ofMinutes(10)), 1_000).tier()).isEqualTo(Tier.HOUR);
  }

  @Test
  void series_ofMoreThanAnAnswerHolds_saysSo() throws Exception {
    for (int part = 0; part < 2; part++) {
      int from = part * 60;
      String members = String.join(
          ",",
          IntStream.range(from, from + 60).mapToObj(i -> "\"m" + i + "\":" + i).toList());
      store(message("a", ++sequence, "{" + members + "}"));
    }
    SeriesQuery.Answer answer = series(START, NOW.plusSeconds(1), 100);
    assertThat(answer.series()).hasSize(SeriesQuery.MAX_SERIES);
    assertThat(answer.more()).isTrue();
  }

  @Test
  void series_ofManyValuesInAMinute_isRaw_inAsManyPointsAsWereAskedFor() throws Exception {
    for (int pack = 0; pack < 6; pack++) {
      int from = pack * 200;
      store(message("a", ++sequence, records(from, from + 200, i -> T0 + i / 20.0)));
    }
    finish(rollups);
    Series one = only(START, START.plusSeconds(60), 50);
    assertThat(one.tier()).isNull();
    assertThat(one.points()).hasSizeBetween(25, 50);
    assertThat(one.points()).extracting(Point::value).contains(99.0, -99.0);
  }

  @Test
  void series_ofManyAtOnce_shareThePointsOfAnAnswer() throws Exception {
    String others =
        IntStream.range(0, 99).mapToObj(i -> "\"m" + i + "\":1").collect(Collectors.joining(","));
    store(message("a", ++sequence, "{" + others + "}"));
    for (int pack = 0; pack < 12; pack++) {
      int from = pack * 200;
      store(message("a", ++sequence, records(from, from + 200, i -> T0 + i / 100.0)));
    }
    finish(rollups);
    List<Series> all = series(START, NOW.plusSeconds(1), 10_000).series();
    assertThat(all).hasSize(100);
    assertThat(all.get(99).points())
        .as("2,400 values, and 200,000 points in all")
        .hasSizeBetween(1_000, 2_000);
  }

  /** Like all, but for a high and a low one. */
  private static String records(int from, int to, IntToDoubleFunction time) {
    return IntStream.range(from, to)
        .mapToObj(i -> "{\"n\":\"t\",\"v\":" + (i == 700 ? 99 : i == 1_003 ? -99 : i % 7)
            + ",\"t\":" + time.applyAsDouble(i) + "}")
        .collect(Collectors.joining(",", "[", "]"));
  }

  @Test
  void rawPages_haveEachValueOnce_whateverIsStoredMeanwhile() throws Exception {
    for (int i = 0; i < 60; i++) {
      // Several of one time, in one message and in several.
      long time = T0 + i / 6;
      store(message(
          "a",
          ++sequence,
          "[{\"n\":\"t\",\"v\":" + 2 * i + ",\"t\":" + time + "},{\"n\":\"t\",\"v\":" + (2 * i + 1)
              + ",\"t\":" + time + "}]"));
    }
    RawValues values = new RawValues(database);
    List<RawValue> all = new ArrayList<>();
    RawValues.Place place = RawValues.Place.START;
    Page<RawValue> page;
    do {
      page = values.page(KEY, START.minusSeconds(10), NOW, place, 7);
      all.addAll(page.entries());
      place = all.get(all.size() - 1).place();
      // Before and after the place; the first is not missed, it was not there.
      store(T0 - 5, -1);
      store(T0 + 100_000, -1);
    } while (page.more());
    assertThat(all).hasSize(120).doesNotHaveDuplicates();
    assertThat(all)
        .extracting(RawValue::value)
        .containsExactlyElementsOf(
            IntStream.range(0, 120).mapToObj(i -> (Object) (double) i).toList());
  }

  @Test
  void latestOfMany_inPages_hasEachOnce() throws Exception {
    List<DeviceId> devices = new ArrayList<>();
    List<CompletableFuture<TelemetrySink.Stored>> results = new ArrayList<>();
    for (int i = 0; i < 150; i++) {
      // Where locales and bytes do not agree about the order.
      String device = (i % 3 == 0 ? "a-" : i % 3 == 1 ? "a_" : "a.") + i;
      devices.add(new DeviceId(device));
      results.add(sink.store(message(device, "s", 1, "{\"x\":" + i + ",\"y\":0}")));
    }
    for (CompletableFuture<TelemetrySink.Stored> result : results) {
      result.get(10, TimeUnit.SECONDS);
    }
    devices.add(new DeviceId("unknown"));
    LatestOfMany latest = new LatestOfMany(database);
    Selection all = new Selection(devices, null, null, START, NOW);
    List<String> seen = new ArrayList<>();
    LatestOfMany.Place place = LatestOfMany.Place.START;
    Page<LatestOfMany.OfDevice> page;
    do {
      page = latest.latest(all, place, 37);
      for (LatestOfMany.OfDevice one : page.entries()) {
        seen.add(one.device() + "/" + one.latest().metric());
        place = new LatestOfMany.Place(
            one.device(),
            new TelemetryQuery.Place(one.latest().stream(), one.latest().metric()));
      }
    } while (page.more());
    assertThat(seen).hasSize(300).doesNotHaveDuplicates();
    Selection one = new Selection(devices, "s", "x", START, NOW);
    assertThat(latest.latest(one, LatestOfMany.Place.START, 1_000).entries())
        .hasSize(150)
        .allSatisfy(value -> assertThat(value.latest().metric()).isEqualTo("x"));
  }

  /** A device that sends the longest texts must not fill the memory of whoever asks. */
  @Test
  void latestOfMany_ofLongTexts_hasShorterPages_andNoneIsMissing() throws Exception {
    storeLongTexts(12);
    Selection all = new Selection(List.of(DEVICE), null, null, START, NOW);
    LatestOfMany latest = new LatestOfMany(database);
    Page<LatestOfMany.OfDevice> first = latest.latest(all, LatestOfMany.Place.START, 1_000);
    assertThat(first.more()).isTrue();
    assertThat(first.entries()).hasSize(512);
    TelemetryQuery.Latest last = first.entries().get(511).latest();
    LatestOfMany.Place after = new LatestOfMany.Place(
        DEVICE.value(), new TelemetryQuery.Place(last.stream(), last.metric()));
    Page<LatestOfMany.OfDevice> second = latest.latest(all, after, 1_000);
    assertThat(second.more()).isFalse();
    assertThat(second.entries()).hasSize(600 - 512);
  }

  private void storeLongTexts(int messages) throws Exception {
    for (int i = 0; i < messages; i++) {
      String metric = "m" + i + "-";
      String members = IntStream.range(0, 50)
          .mapToObj(member -> "\"" + metric + member + "\":\"" + LONG_TEXT + "\"")
          .collect(Collectors.joining(","));
      store(message("a", ++sequence, "{" + members + "}"));
    }
  }

  @Test
  void series_ofLongTexts_isNotWhole_andLeavesNoRoomForAnother() throws Exception {
    for (int i = 0; i < 24; i++) {
      long first = T0 + i * 50;
      String records = LongStream.range(first, first + 50)
          .mapToObj(time -> "{\"n\":\"t\",\"vs\":\"" + LONG_TEXT + "\",\"t\":" + time + "}")
          .collect(Collectors.joining(","));
      store(message("a", ++sequence, "[" + records + "]"));
    }
    store(message("a", ++sequence, "{\"u\":\"on\",\"v\":1}"));
    SeriesQuery.Answer answer = series(START, NOW.plusSeconds(1), 10_000);
    assertThat(answer.series())
        .extracting(one -> one.name().metric(), one -> one.points().size(), Series::whole)
        .containsExactly(tuple("t", 1_024, false), tuple("v", 1, true));
    assertThat(answer.more()).as("without the one for which there was no room").isTrue();
  }

  @Test
  void export_hasAllOfTheSelection_rawAndFromATier() throws Exception {
    storeHalfADay();
    store(message("d2", "b", 1, "[{\"n\":\"u\",\"v\":5,\"t\":" + T0 + "}]"));
    finish(rollups);
    Selection both = new Selection(List.of(DEVICE, new DeviceId("d2")), null, null, START, NOW);
    List<Export.Row> raw = rows(new Export(database, both, null));
    assertThat(raw).hasSize(1_441);
    assertThat(new HashSet<>(raw)).hasSize(1_441);
    assertThat(raw.get(1_440).name().device()).isEqualTo("d2");
    List<Export.Row> minutes = rows(new Export(database, both, Tier.MINUTE));
    assertThat(minutes).hasSize(721);
    assertThat(minutes.stream().mapToLong(row -> row.point().rollup().count()).sum())
        .isEqualTo(1_441);
  }

  private static List<Export.Row> rows(Export export) throws Exception {
    List<Export.Row> all = new ArrayList<>();
    List<Export.Row> some;
    do {
      some = export.next();
      all.addAll(some);
    } while (!some.isEmpty());
    return all;
  }
}
