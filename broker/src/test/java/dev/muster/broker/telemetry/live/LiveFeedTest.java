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
import java.util.Set;
import org.junit.jupiter.api.Test;

class LiveFeedTest {
  private static final Instant NOW = Instant.parse("2026-11-21T12:00:00Z");
  private static final LiveFilter ALL = new LiveFilter(Set.of(), null, null);

  private final LiveFeed feed = new LiveFeed();

  private void store(String device, Instant at, String payload) {
    TelemetryTopic topic =
        TelemetryTopic.parse("fleets/f1/devices/" + device + "/telemetry/s").orElseThrow();
    feed.stored(
        TelemetryMessage.read(topic, null, at, null, payload.getBytes(StandardCharsets.UTF_8)));
  }

  private LiveViewer viewer(LiveFilter filter) {
    return feed.open(filter).orElseThrow();
  }

  @Test
  void slowViewer_seesOnlyTheNewestOfEachSeries() {
    LiveViewer viewer = viewer(ALL);
    for (int i = 0; i < 1_000; i++) {
      store("d1", NOW.plusSeconds(i), "{\"t\":" + i + "}");
    }
    store("d1", NOW, "{\"t\":-1}");
    assertThat(viewer.take()).singleElement().satisfies(value -> {
      assertThat(value.value()).as("what came late is not newer").isEqualTo(999.0);
      assertThat(value.time()).isEqualTo(NOW.plusSeconds(999));
    });
    assertThat(viewer.take()).as("seen").isEmpty();
  }

  @Test
  void feed_isWatched_asLongAsSomebodyLooksOn() {
    assertThat(feed.isWatching()).isFalse();
    LiveViewer viewer = viewer(ALL);
    assertThat(feed.isWatching()).isTrue();
    feed.close(viewer);
    assertThat(feed.isWatching()).isFalse();
  }

  @Test
  void filter_leavesOutTheOthers() {
    LiveViewer viewer = viewer(new LiveFilter(Set.of("d1"), "s", "t"));
    store("d1", NOW, "{\"t\":1,\"u\":2}");
    store("d2", NOW, "{\"t\":3}");
    assertThat(viewer.take()).extracting(LiveValue::value).containsExactly(1.0);
  }

  @Test
  void seriesBeyondTheLimit_areCounted() {
    LiveViewer viewer = viewer(ALL);
    for (int i = 0; i < LiveViewer.MAX_SERIES + 5; i++) {
      store("d" + i, NOW, "1");
    }
    store("d0", NOW.plusSeconds(1), "2");
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
