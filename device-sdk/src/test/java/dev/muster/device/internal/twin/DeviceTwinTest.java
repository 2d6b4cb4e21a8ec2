/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.internal.twin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.muster.device.internal.connection.Dialogue.Speaker;
import dev.muster.protocol.identity.DeviceId;
import dev.muster.protocol.identity.DeviceSubject;
import dev.muster.protocol.identity.FleetName;
import dev.muster.protocol.topic.FleetTopics;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A twin on one thread. */
class DeviceTwinTest {
  private static final FleetTopics TOPICS =
      new FleetTopics(new DeviceSubject(new FleetName("f"), new DeviceId("d")));
  private static final String REMOVED = "{\"reported\":{\"led\":null}}";
  private static final String SET_ANEW = "{\"reported\":{\"led\":{\"on\":true}}}";

  @TempDir
  Path folder;

  private final List<String> said = new ArrayList<>();
  private final Deque<Consumer<Boolean>> unsettled = new ArrayDeque<>();
  private final Speaker broker = (topic, payload, whenSettled) -> {
    said.add(new String(payload, StandardCharsets.UTF_8));
    unsettled.add(whenSettled);
  };
  private DeviceTwin twin;

  @BeforeEach
  void start() {
    twin = new DeviceTwin(Runnable::run);
    twin.begin(folder, Runnable::run);
  }

  private void desire(long version) {
    String message = "{\"version\":" + version + ",\"desired\":{\"interval\":10}}";
    twin.heard(TOPICS.twinDesired(), message.getBytes(StandardCharsets.UTF_8));
  }

  private void reportLedAnew() {
    twin.report(Collections.singletonMap("led", null));
    twin.report(Map.of("led", Map.of("on", true)));
  }

  @Test
  void report_objectInPlaceOfWhatIsRemoved_isSaidAfterIt() {
    reportLedAnew();
    twin.connected(TOPICS, broker);
    assertThat(said).containsExactly(REMOVED);

    unsettled.remove().accept(true);

    assertThat(said).containsExactly(REMOVED, SET_ANEW);
  }

  @Test
  void report_severalAndARestart_areSaidInOrder() {
    reportLedAnew();
    twin.end();
    start();
    twin.report(Map.of("led", Map.of("on", false)));
    twin.connected(TOPICS, broker);
    unsettled.remove().accept(true);

    assertThat(said).containsExactly(REMOVED, SET_ANEW.replace("true", "false"));
  }

  @Test
  void report_connectionLost_isSaidAgainBeforeWhatFollows() {
    reportLedAnew();
    twin.connected(TOPICS, broker);
    twin.disconnected();
    unsettled.clear();

    twin.connected(TOPICS, broker);
    unsettled.remove().accept(true);

    assertThat(said).containsExactly(REMOVED, REMOVED, SET_ANEW);
  }

  @Test
  void begin_fileOfAnEarlierVersion_desiredAndReportAreKept() throws Exception {
    Files.writeString(
        folder.resolve("twin.json"),
        "{\"version\":3,\"desired\":{\"interval\":10},\"toldVersion\":3,"
            + "\"untold\":{\"led\":null}}");
    start();
    assertThat(twin.desired()).isEqualTo(Map.of("interval", 10L));
    assertThat(twin.desiredVersion()).isEqualTo(3);

    twin.connected(TOPICS, broker);

    assertThat(said).containsExactly(REMOVED);
  }

  @Test
  void begin_fileTornOrZeroFilledFromAnywhere_isPassedOver() throws Exception {
    desire(3);
    twin.report(Map.of("led", true));
    twin.end();
    Path file = folder.resolve("twin.json");
    byte[] whole = Files.readAllBytes(file);
    for (int length = 0; length < whole.length; length++) {
      Files.write(file, Arrays.copyOf(whole, length));
      start();
      assertThat(twin.desired()).as("torn at %d", length).isEmpty();
      Files.write(file, Arrays.copyOf(Arrays.copyOf(whole, length), whole.length));
      start();
      assertThat(twin.desired()).as("zeros from %d", length).isEmpty();
    }
    twin.connected(TOPICS, broker);
    desire(3);
    assertThat(twin.desired()).isEqualTo(Map.of("interval", 10L));
  }

  @Test
  void report_severalTooLargeTogether_isRefused() {
    twin.report(Map.of("led", "x".repeat(20_000)));

    assertThatThrownBy(() -> twin.report(Map.of("led", Map.of("on", "x".repeat(20_000)))))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("at most 32768");
  }

  @Test
  void desired_reportsWait_isSaidToBeTakenOverWithTheLast() {
    twin.onDesired(desired -> reportLedAnew());
    desire(4);
    twin.connected(TOPICS, broker);
    unsettled.remove().accept(true);

    assertThat(said).containsExactly(REMOVED, SET_ANEW.replace("}}}", "}},\"desiredVersion\":4}"));
  }

  @Test
  void onDesired_firstListenerThrewAndASecondComes_isNotTakenOver() {
    twin.onDesired(desired -> {
      throw new IllegalArgumentException("interval: 10 (expected: 1)");
    });
    desire(4);
    twin.onDesired(desired -> {});
    twin.connected(TOPICS, broker);
    assertThat(said).isEmpty();

    twin.report(Map.of("alive", true));

    assertThat(said).containsExactly("{\"reported\":{\"alive\":true}}");
  }

  @Test
  void onDesired_firstListenerComesLate_takesItOver() {
    desire(4);
    twin.connected(TOPICS, broker);

    twin.onDesired(desired -> {});

    assertThat(said).containsExactly("{\"reported\":{},\"desiredVersion\":4}");
  }

  @Test
  void desired_diskFails_isStoredLater() throws Exception {
    Path inTheWay = Files.createDirectories(folder.resolve("twin.json.new/full"));
    desire(4);
    assertThat(twin.needsStore()).isTrue();
    Files.delete(inTheWay);

    twin.store();

    assertThat(twin.needsStore()).isFalse();
    assertThat(folder.resolve("twin.json")).content().contains("\"version\":4");
  }
}
