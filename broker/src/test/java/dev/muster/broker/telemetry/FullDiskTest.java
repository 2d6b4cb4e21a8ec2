/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.telemetry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.muster.protocol.identity.DeviceId;
import dev.muster.protocol.telemetry.MessageIdentity;
import dev.muster.protocol.topic.FleetTopics.TelemetryTopic;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.h2.store.fs.FilePath;
import org.h2.store.fs.FilePathWrapper;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A disk that is full: nothing is acknowledged until there is room again. */
class FullDiskTest {
  private static final Instant NOW = Instant.parse("2026-11-21T12:00:00Z");
  private static final DeviceId DEVICE = new DeviceId("d1");

  @TempDir
  Path folder;

  private TelemetryDatabase database;
  private JdbcTelemetrySink sink;
  private MessageQuery messages;

  @BeforeEach
  void open() {
    FilePath.register(new FullDisk());
    FullDisk.full = false;
    database =
        TelemetryDatabase.open(EmbeddedEngine.at("jdbc:h2:full:" + folder.resolve("t"), "t"));
    sink = JdbcTelemetrySink.start(
        database, IntakeLimits.DEFAULT, AcknowledgedListener.NOBODY, new SimpleMeterRegistry());
    messages = new MessageQuery(database);
  }

  @AfterEach
  void close() {
    FullDisk.full = false;
    sink.close();
    database.close();
  }

  private static TelemetryMessage message(String stream, long sequence, String payload) {
    MessageIdentity identity = sequence == 0 ? null : new MessageIdentity("b", sequence);
    TelemetryTopic topic =
        TelemetryTopic.parse("fleets/f1/devices/d1/telemetry/" + stream).orElseThrow();
    return TelemetryMessage.read(
        topic, identity, NOW, null, payload.getBytes(StandardCharsets.UTF_8));
  }

  private TelemetrySink.Stored store(TelemetryMessage message) throws Exception {
    return sink.store(message).get(10, TimeUnit.SECONDS);
  }

  @Test
  void fullDisk_isNoAcknowledgement_andPasses() throws Exception {
    store(message("a", 1, "1"));
    FullDisk.full = true;
    for (int i = 0; i < 3; i++) {
      CompletableFuture<TelemetrySink.Stored> result = sink.store(message("a", 2, "2"));
      assertThatThrownBy(() -> result.get(20, TimeUnit.SECONDS))
          .isInstanceOf(ExecutionException.class)
          .hasCauseInstanceOf(NotStoredException.class);
    }
    assertThat(sink.problem()).isPresent();
    FullDisk.full = false;
    Awaitility.await()
        .untilAsserted(() -> assertThat(store(message("a", 2, "2"))).isNotNull());
    assertThat(sink.problem()).isEmpty();
    assertThat(messages.messages(DEVICE, 0, 10).entries())
        .extracting(MessageQuery.Message::sequence)
        .containsExactly(1L, 2L);
  }

  @Test
  void connection_thatHasNotNoticed_keepsNobodyOut() throws Exception {
    Connection writing = database.connectToWrite();
    Connection late = database.connectToWrite();
    ask(late);
    FullDisk.full = true;
    assertThatThrownBy(() -> fill(writing)).isInstanceOf(SQLException.class);
    giveUp(writing);
    FullDisk.full = false;
    List<Connection> others = new ArrayList<>();
    Awaitility.await().ignoreExceptions().until(() -> others.add(database.connectToWrite()));

    assertThatThrownBy(() -> ask(late)).isInstanceOf(SQLException.class);
    giveUp(late);
    Awaitility.await().atMost(Duration.ofSeconds(30)).ignoreExceptions().until(() -> {
      others.add(database.connect());
      return others.size() == 5;
    });
    for (Connection other : others) {
      other.close();
    }
  }

  private void giveUp(Connection connection) throws SQLException {
    database.discard(connection);
    connection.close();
  }

  private static void ask(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute("SELECT 1 FROM message WHERE id = 0");
    }
  }

  private static void fill(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      for (int i = 0; i < 1_000; i++) {
        statement.execute(
            "CREATE TABLE full_" + i + " AS SELECT SPACE(100000) FROM SYSTEM_RANGE(1, 10)");
      }
    }
  }

  /** A disk that can be full: H2's own hook for file systems. */
  public static final class FullDisk extends FilePathWrapper {
    static volatile boolean full;

    @Override
    public String getScheme() {
      return "full";
    }

    @Override
    public FileChannel open(String mode) throws IOException {
      return new FullChannel(super.open(mode), () -> full);
    }
  }
}
