/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.telemetry;

import static org.assertj.core.api.Assertions.assertThat;

import dev.muster.broker.telemetry.deadletter.DeadLetters;
import dev.muster.broker.telemetry.format.Reading;
import dev.muster.protocol.identity.DeviceId;
import dev.muster.protocol.topic.FleetTopics.TelemetryTopic;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A device has a bounded number of series; what would make more is a dead letter. */
class SeriesLimitTest {
  private static final Instant NOW = Instant.parse("2026-11-21T12:00:00Z");

  @TempDir
  Path folder;

  private TelemetryDatabase database;

  @BeforeEach
  void open() {
    database = TelemetryDatabase.open(folder);
  }

  @AfterEach
  void close() {
    database.close();
  }

  private TelemetryWriter writer() throws SQLException {
    return TelemetryWriter.open(
        database,
        new TelemetryWriter.Limits(
            3, IntakeLimits.DEFAULT, new SimpleMeterRegistry().counter("dropped")));
  }

  private static TelemetryMessage message(String device, String payload) {
    TelemetryTopic topic =
        TelemetryTopic.parse("fleets/f1/devices/" + device + "/telemetry/s").orElseThrow();
    return TelemetryMessage.read(topic, null, NOW, null, payload.getBytes(StandardCharsets.UTF_8));
  }

  @Test
  void seriesBeyondTheLimit_areDeadLetters_andKnownOnesGoOn() throws Exception {
    TelemetryWriter writer = writer();
    try {
      assertThat(writer.write(
              List.of(
                  message("d1", "{\"a\":1,\"b\":1}"),
                  message("d1", "{\"c\":1,\"d\":1}"),
                  message("d1", "{\"a\":2,\"c\":1}"),
                  message("d1", "{\"e\":1}"),
                  message("d2", "{\"a\":1}")),
              BatchCommit.NO_POSITION))
          .containsExactly(
              TelemetrySink.Stored.NEW,
              TelemetrySink.Stored.DEAD_LETTER,
              TelemetrySink.Stored.NEW,
              TelemetrySink.Stored.DEAD_LETTER,
              TelemetrySink.Stored.NEW);
    } finally {
      writer.abandon();
    }
    TelemetryWriter next = writer();
    try {
      assertThat(next.write(
              List.of(message("d1", "{\"f\":1}"), message("d1", "{\"b\":3}")),
              BatchCommit.NO_POSITION))
          .containsExactly(TelemetrySink.Stored.DEAD_LETTER, TelemetrySink.Stored.NEW);
    } finally {
      next.abandon();
    }
    TelemetryQuery query = new TelemetryQuery(database);
    assertThat(query.latest(new DeviceId("d1"), TelemetryQuery.Place.START, 10).entries())
        .extracting(latest -> latest.metric() + "=" + latest.value())
        .containsExactly("a=2.0", "b=3.0", "c=1.0");
    assertThat(new DeadLetters(database)
            .list(new DeviceId("d1"), Long.MAX_VALUE, 10, false)
            .entries())
        .hasSize(3)
        .allSatisfy(letter -> assertThat(letter.reason()).contains("too many"));
  }

  /** Else each message of a device that makes up names would cost a look at all that it has. */
  @Test
  void seriesBeyondTheLimit_areCountedOnce() throws Exception {
    AtomicInteger counted = new AtomicInteger();
    try (Connection connection = database.connect()) {
      LatestValues latest = new LatestValues(countingCounts(connection, counted), 1);
      for (String payload :
          List.of("{\"a\":1,\"b\":1}", "{\"c\":1,\"d\":1}", "{\"e\":1,\"f\":1}")) {
        assertThat(admits(latest, payload)).isFalse();
      }
      assertThat(admits(latest, "{\"g\":1}"))
          .as("the refused ones take no place")
          .isTrue();
      assertThat(admits(latest, "{\"h\":1}")).isFalse();
    }
    assertThat(counted).hasValue(1);
  }

  private static boolean admits(LatestValues latest, String payload) throws SQLException {
    TelemetryMessage message = message("d1", payload);
    latest.clear();
    return latest.admit(message, ((Reading.Readable) message.reading()).measurements());
  }

  private static Connection countingCounts(Connection connection, AtomicInteger counted) {
    return (Connection) Proxy.newProxyInstance(
        SeriesLimitTest.class.getClassLoader(),
        new Class<?>[] {Connection.class},
        (proxy, method, arguments) -> {
          if (arguments != null && String.valueOf(arguments[0]).startsWith("SELECT COUNT")) {
            counted.incrementAndGet();
          }
          return method.invoke(connection, arguments);
        });
  }
}
