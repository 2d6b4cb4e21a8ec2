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
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
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

class H2TelemetrySinkTest {
  private static final Instant NOW = Instant.parse("2026-11-21T12:00:00Z");
  private static final DeviceId DEVICE = new DeviceId("d1");

  @TempDir
  Path folder;

  private TelemetryDatabase database;
  private H2TelemetrySink sink;
  private TelemetryQuery query;
  private MessageQuery messages;

  @BeforeEach
  void open() {
    FilePath.register(new FullDisk());
    FullDisk.full = false;
    database = TelemetryDatabase.openUrl("jdbc:h2:full:" + folder.resolve("t"), "t");
    sink = H2TelemetrySink.start(database, new SimpleMeterRegistry());
    query = new TelemetryQuery(database);
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
  void identity_isDeviceStreamBootSequence() throws Exception {
    assertThat(store(message("a", 1, "1"))).isEqualTo(TelemetrySink.Stored.NEW);
    assertThat(store(message("a", 1, "2"))).isEqualTo(TelemetrySink.Stored.DUPLICATE);
    assertThat(store(message("b", 1, "1"))).isEqualTo(TelemetrySink.Stored.NEW);
    assertThat(store(message("a", 0, "1"))).isEqualTo(TelemetrySink.Stored.NEW);
    assertThat(store(message("a", 0, "1"))).isEqualTo(TelemetrySink.Stored.NEW);
    assertThat(store(message("a", 2, "?"))).isEqualTo(TelemetrySink.Stored.DEAD_LETTER);
    assertThat(store(message("a", 2, "?"))).isEqualTo(TelemetrySink.Stored.DUPLICATE);
    assertThat(messages.messages(DEVICE, 0, 100).entries()).hasSize(4);
    assertThat(query.deadLetters(DEVICE, 10)).hasSize(1);
  }

  @Test
  void duplicatesInOneBatch_areStoredOnce() throws Exception {
    List<CompletableFuture<TelemetrySink.Stored>> results = new ArrayList<>();
    for (int i = 0; i < 300; i++) {
      results.add(sink.store(message("a", 1 + i % 3, "1")));
    }
    for (CompletableFuture<TelemetrySink.Stored> result : results) {
      result.get(10, TimeUnit.SECONDS);
    }
    assertThat(messages.messages(DEVICE, 0, 1_000).entries()).hasSize(3);
  }

  @Test
  void latest_isTheNewestByTheTimeOfTheEvent() throws Exception {
    store(message("a", 1, "[{\"n\":\"t\",\"u\":\"Cel\",\"v\":2,\"t\":1800000000}]"));
    store(message("a", 2, "[{\"n\":\"t\",\"v\":1,\"t\":1700000000}]"));
    assertThat(query.latest(DEVICE, TelemetryQuery.Place.START, 10).entries())
        .singleElement()
        .satisfies(latest -> {
          assertThat(latest.value()).isEqualTo(2.0);
          assertThat(latest.unit()).isEqualTo("Cel");
          assertThat(latest.time()).isEqualTo(Instant.ofEpochSecond(1_800_000_000));
          assertThat(latest.receivedAt()).isEqualTo(NOW);
        });
  }

  @Test
  void longSeries_keepsItsPeaks() throws Exception {
    StringBuilder pack = new StringBuilder("[");
    for (int i = 0; i < 250; i++) {
      double value = i == 111 ? 99 : i == 180 ? -99 : i % 7;
      pack.append(i == 0 ? "" : ",");
      pack.append("{\"n\":\"t\",\"v\":" + value + ",\"t\":" + (1_700_000_000 + i) + "}");
    }
    store(message("a", 1, pack.append("]").toString()));
    List<TelemetryQuery.Series> series = query.series(
        DEVICE, new TelemetryQuery.Range("a", "t", Instant.EPOCH, NOW.plusSeconds(1), 40));
    assertThat(series).singleElement().satisfies(one -> {
      assertThat(one.points()).hasSizeBetween(10, 40);
      assertThat(one.points()).extracting(TelemetryQuery.Point::value).contains(99.0, -99.0);
      assertThat(one.points()).isSortedAccordingTo((a, b) -> a.time().compareTo(b.time()));
    });
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

  /** A disk that can be full: H2's own hook for file systems. */
  public static final class FullDisk extends FilePathWrapper {
    static volatile boolean full;

    @Override
    public String getScheme() {
      return "full";
    }

    @Override
    public FileChannel open(String mode) throws IOException {
      return new FullChannel(super.open(mode));
    }
  }

  /** Refuses to write while the disk is full. */
  private static final class FullChannel extends org.h2.store.fs.FileBaseDefault {
    private final FileChannel channel;

    FullChannel(FileChannel channel) {
      this.channel = channel;
    }

    private static void check() throws IOException {
      if (FullDisk.full) {
        throw new IOException("No space left on device");
      }
    }

    @Override
    public int write(ByteBuffer source, long position) throws IOException {
      check();
      return channel.write(source, position);
    }

    @Override
    public int read(ByteBuffer target, long position) throws IOException {
      return channel.read(target, position);
    }

    @Override
    public long size() throws IOException {
      return channel.size();
    }

    @Override
    protected void implTruncate(long size) throws IOException {
      check();
      channel.truncate(size);
    }

    @Override
    public void force(boolean metaData) throws IOException {
      check();
      channel.force(metaData);
    }

    @Override
    public java.nio.channels.FileLock tryLock(long position, long size, boolean shared)
        throws IOException {
      return channel.tryLock(position, size, shared);
    }

    @Override
    protected void implCloseChannel() throws IOException {
      channel.close();
    }
  }
}
