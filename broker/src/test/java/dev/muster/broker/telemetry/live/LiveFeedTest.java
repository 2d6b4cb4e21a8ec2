/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.telemetry.live;

import static org.assertj.core.api.Assertions.assertThat;

import dev.muster.broker.telemetry.TelemetryMessage;
import dev.muster.protocol.topic.FleetTopics.TelemetryTopic;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Set;
import org.junit.jupiter.api.Test;

class LiveFeedTest {
  private static final Instant NOW = Instant.parse("2026-11-21T12:00:00Z");
  private static final LiveFilter ALL = new LiveFilter(Set.of(), null, null);

  private final LiveFeed feed = new LiveFeed(Runnable::run);

  private void acknowledge(String device, Instant at, String payload) {
    acknowledge(feed, device, at, payload);
  }

  private static void acknowledge(LiveFeed feed, String device, Instant at, String payload) {
    TelemetryTopic topic =
        TelemetryTopic.parse("fleets/f1/devices/" + device + "/telemetry/s").orElseThrow();
    feed.acknowledged(
        TelemetryMessage.read(topic, null, at, null, payload.getBytes(StandardCharsets.UTF_8)));
  }

  private LiveViewer viewer(LiveFilter filter) {
    return feed.open(filter).orElseThrow();
  }

  @Test
  void slowViewer_seesOnlyTheNewestOfEachSeries() {
    LiveViewer viewer = viewer(ALL);
    for (int i = 0; i < 1_000; i++) {
      acknowledge("d1", NOW.plusSeconds(i), "{\"t\":" + i + "}");
    }
    acknowledge("d1", NOW, "{\"t\":-1}");
    assertThat(viewer.take()).singleElement().satisfies(value -> {
      assertThat(value.value()).as("what came late is not newer").isEqualTo(999.0);
      assertThat(value.time()).isEqualTo(NOW.plusSeconds(999));
    });
    assertThat(viewer.take()).as("seen").isEmpty();
  }

  /** A store tells of a redelivery, whose value has no other time, and too late. */
  @Test
  void whatIsSentAgain_isNotShownAgain() {
    LiveViewer viewer = viewer(ALL);
    acknowledge("d1", NOW, "{\"t\":1}");
    assertThat(viewer.take()).hasSize(1);
    acknowledge("d1", NOW, "{\"t\":1}");
    assertThat(viewer.take()).isEmpty();
    acknowledge("d1", NOW, "{\"t\":2}");
    assertThat(viewer.take()).extracting(LiveValue::value).containsExactly(2.0);
  }

  /** Whoever acknowledges goes on meanwhile, and what waits does not grow for ever. */
  @Test
  void whatCannotBeShownAtOnce_waits_untilTheOldestHasToGo() {
    Deque<Runnable> tasks = new ArrayDeque<>();
    LiveFeed busy = new LiveFeed(tasks::add);
    LiveViewer viewer =
        busy.open(new LiveFilter(Set.of("d1", "d3"), null, null)).orElseThrow();
    acknowledge(busy, "d2", NOW, "1");
    assertThat(tasks).as("nobody wants to see it").isEmpty();
    acknowledge(busy, "d3", NOW, "1");
    int bytes = 100_000;
    long kept = NewestMessages.MAX_BYTES / bytes;
    for (int i = 0; i < 2 * kept; i++) {
      acknowledge(busy, "d1", NOW.plusSeconds(i), i + " ".repeat(bytes));
    }
    assertThat(tasks).as("told once").hasSize(1);
    assertThat(viewer.take()).isEmpty();
    tasks.remove().run();
    assertThat(viewer.take())
        .singleElement()
        .satisfies(value -> assertThat(value.value()).isEqualTo(2.0 * kept - 1));
    assertThat(viewer.missed()).isBetween(kept, kept + 2);
    acknowledge(busy, "d3", NOW, "2");
    tasks.remove().run();
    assertThat(viewer.take()).extracting(LiveValue::value).containsExactly(2.0);
  }

  @Test
  void filter_leavesOutTheOthers() {
    LiveViewer viewer = viewer(new LiveFilter(Set.of("d1"), "s", "t"));
    acknowledge("d1", NOW, "{\"t\":1,\"u\":2}");
    acknowledge("d2", NOW, "{\"t\":3}");
    assertThat(viewer.take()).extracting(LiveValue::value).containsExactly(1.0);
  }

  @Test
  void seriesBeyondTheLimit_areCounted() {
    LiveViewer viewer = viewer(ALL);
    for (int i = 0; i < LiveViewer.MAX_SERIES + 5; i++) {
      acknowledge("d" + i, NOW, "1");
    }
    acknowledge("d0", NOW.plusSeconds(1), "2");
    assertThat(viewer.take()).hasSize(LiveViewer.MAX_SERIES);
    assertThat(viewer.missed()).isEqualTo(5);
  }

  @Test
  void viewers_areLimited_andMakeRoomAgain() {
    LiveViewer first = viewer(ALL);
    for (int i = 1; i < LiveFeed.MAX_VIEWERS; i++) {
      viewer(ALL);
    }
    assertThat(feed.open(ALL)).isEmpty();
    feed.close(first);
    assertThat(feed.open(ALL)).isPresent();
  }
}
