/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.hardware.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.muster.device.DeviceStatistics;
import dev.muster.protocol.telemetry.Measurement.Value;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.Test;

class DeviceAgentTest {
  private static final Duration LIMIT = Duration.ofSeconds(60);

  @Test
  void restart_answerNotOnDiskInTime_andProgramThatFails_areLogged() throws Exception {
    List<String> logged = new CopyOnWriteArrayList<>();
    Logger log = Logger.getLogger(DeviceAgent.class.getName());
    Handler handler = new Handler() {
      @Override
      public void publish(LogRecord event) {
        logged.add(event.getMessage());
      }

      @Override
      public void flush() {}

      @Override
      public void close() {}
    };
    log.addHandler(handler);
    try {
      DeviceAgent.restart(List.of("false"), new CompletableFuture<>(), Duration.ZERO);

      await()
          .atMost(LIMIT)
          .untilAsserted(() -> assertThat(logged)
              .containsExactly(
                  "Machine restarts, though the answer to the command is not on disk",
                  "Machine not restarted program=false exitCode=1"));
    } finally {
      log.removeHandler(handler);
    }
  }

  /** A key in a file is there in less than a millisecond, which is not no time. */
  @Test
  void statistics_timesAreToldToTheMicrosecond() {
    DeviceStatistics statistics = new DeviceStatistics(
        0,
        0,
        Duration.ofMinutes(2),
        0,
        0,
        0,
        0,
        0,
        0,
        1,
        1,
        Duration.ofNanos(12_345_678),
        Duration.ofNanos(412_999),
        Map.of());
    assertThat(DeviceAgent.measurements(statistics, Instant.EPOCH))
        .filteredOn(told -> "s".equals(told.unit()))
        .extracting(told -> told.metric() + "=" + ((Value.Number) told.value()).number())
        .containsExactly("waiting.oldest=120.0", "connect.time=0.012345", "key.time=4.12E-4");
  }
}
