/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.telemetry;

import static org.assertj.core.api.Assertions.assertThat;

import dev.muster.broker.telemetry.deadletter.DeadLetters;
import dev.muster.protocol.identity.DeviceId;
import dev.muster.protocol.telemetry.MessageIdentity;
import dev.muster.protocol.topic.FleetTopics.TelemetryTopic;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Lists are read in pages of bounded size, without sorting what is not in them. */
class PagesTest {
  private static final Instant NOW = Instant.parse("2026-11-21T12:00:00Z");
  private static final DeviceId DEVICE = new DeviceId("d1");

  @TempDir
  Path folder;

  private TelemetryDatabase database;
  private JdbcTelemetrySink sink;

  @BeforeEach
  void open() {
    database = TelemetryDatabase.open(folder);
    sink = JdbcTelemetrySink.start(
        database, IntakeLimits.DEFAULT, AcknowledgedListener.NOBODY, new SimpleMeterRegistry());
  }

  @AfterEach
  void close() {
    sink.close();
    database.close();
  }

  private CompletableFuture<TelemetrySink.Stored> store(
      String device, long sequence, String payload) {
    TelemetryTopic topic =
        TelemetryTopic.parse("fleets/f1/devices/" + device + "/telemetry/s").orElseThrow();
    return sink.store(TelemetryMessage.read(
        topic,
        new MessageIdentity("b", sequence),
        NOW,
        null,
        payload.getBytes(StandardCharsets.UTF_8)));
  }

  private void storeAll(String device, int count, String payload) throws Exception {
    List<CompletableFuture<TelemetrySink.Stored>> results = new ArrayList<>();
    for (int i = 1; i <= count; i++) {
      results.add(store(device, i, payload));
    }
    for (CompletableFuture<TelemetrySink.Stored> result : results) {
      result.get(20, TimeUnit.SECONDS);
    }
  }

  private String plan(String sql) throws Exception {
    try (Connection connection = database.connect();
        PreparedStatement explain = connection.prepareStatement("EXPLAIN " + sql);
        ResultSet rows = explain.executeQuery()) {
      assertThat(rows.next()).isTrue();
      return rows.getString(1);
    }
  }

  @ParameterizedTest
  @CsvSource({"false", "true"})
  void lists_areReadInTheOrderOfAnIndex(boolean analyzed) throws Exception {
    storeAll("d1", 200, "1");
    storeAll("d2", 200, "?");
    if (analyzed) {
      try (Connection connection = database.connect();
          PreparedStatement analyze = connection.prepareStatement("ANALYZE")) {
        analyze.execute();
      }
    }
    assertThat(plan(MessageQuery.PART)).contains("MESSAGE_OF_DEVICE").contains("index sorted");
    assertThat(plan(DeadLetters.LIST_OF_DEVICE))
        .contains("DEAD_LETTER_OF_DEVICE")
        .contains("index sorted");
  }

  @Test
  void messages_arePagedByNumber() throws Exception {
    storeAll("d1", 100, "1");
    storeAll("d2", 5, "1");
    MessageQuery query = new MessageQuery(database);
    Page<MessageQuery.Message> first = query.messages(DEVICE, 0, 70);
    assertThat(first.more()).isTrue();
    assertThat(first.entries()).hasSize(70);
    Page<MessageQuery.Message> second =
        query.messages(DEVICE, first.entries().get(69).id(), 70);
    assertThat(second.more()).isFalse();
    assertThat(second.entries())
        .extracting(MessageQuery.Message::sequence)
        .startsWith(71L)
        .endsWith(100L)
        .hasSize(30);
  }

  @Test
  void messages_arePagedByBytes() throws Exception {
    String large = "1" + " ".repeat(1_200_000);
    storeAll("d1", 5, large);
    MessageQuery query = new MessageQuery(database);
    Page<MessageQuery.Message> first = query.messages(DEVICE, 0, 1_000);
    assertThat(first.entries()).hasSize(3);
    assertThat(first.more()).isTrue();
    Page<MessageQuery.Message> second =
        query.messages(DEVICE, first.entries().get(2).id(), 1_000);
    assertThat(second.entries()).extracting(MessageQuery.Message::sequence).containsExactly(4L, 5L);
    assertThat(second.more()).isFalse();
  }

  @Test
  void latest_isPaged() throws Exception {
    store("d1", 1, "{\"a\":1,\"b/c\":2,\"d\":3}").get(10, TimeUnit.SECONDS);
    TelemetryQuery query = new TelemetryQuery(database);
    Page<TelemetryQuery.Latest> first = query.latest(DEVICE, TelemetryQuery.Place.START, 2);
    assertThat(first.entries())
        .extracting(TelemetryQuery.Latest::metric)
        .containsExactly("a", "b/c");
    assertThat(first.more()).isTrue();
    Page<TelemetryQuery.Latest> second =
        query.latest(DEVICE, new TelemetryQuery.Place("s", "b/c"), 2);
    assertThat(second.entries()).extracting(TelemetryQuery.Latest::metric).containsExactly("d");
    assertThat(second.more()).isFalse();
  }
}
