/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.hardware.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.muster.testing.PeerProgram;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Against a socket that stands for systemd's. */
class SupervisorTest {
  private static final Duration LIMIT = Duration.ofSeconds(60);

  @TempDir
  Path folder;

  private final ScheduledExecutorService worker = Executors.newSingleThreadScheduledExecutor();

  @AfterEach
  void stopWorker() {
    worker.shutdownNow();
  }

  private String told() throws IOException {
    return Files.readString(folder.resolve("told"));
  }

  @Test
  void watch_bySystemdNotify_saysThatItIsUp_thatItLives_andThatItStops() throws Exception {
    PeerProgram.require("systemd-notify");
    Path socket = folder.resolve("socket");
    Process systemd = PeerProgram.require("socat")
        .start(
            folder,
            folder.resolve("told"),
            folder.resolve("err"),
            "-u",
            "UNIX-RECV:" + socket,
            "-");
    try {
      await().atMost(LIMIT).until(() -> Files.exists(socket));
      Supervisor supervisor =
          Supervisor.of(Map.of("NOTIFY_SOCKET", socket.toString(), "WATCHDOG_USEC", "100000"));

      AtomicInteger asked = new AtomicInteger();
      AtomicBoolean getsOn = new AtomicBoolean();
      supervisor.watch(worker, () -> asked.incrementAndGet() > 0 && getsOn.get());
      await().atMost(LIMIT).until(() -> told().contains("READY=1") && asked.get() > 2);
      assertThat(told()).doesNotContain("WATCHDOG");

      getsOn.set(true);
      await().atMost(LIMIT).until(() -> told().contains("WATCHDOG=1"));

      supervisor.stopping();
      await().atMost(LIMIT).until(() -> told().contains("STOPPING=1"));
    } finally {
      systemd.destroy();
    }
  }

  @Test
  void watch_withoutSystemd_doesNothing() {
    Supervisor.of(Map.of("WATCHDOG_USEC", "1000")).watch(worker, () -> true);

    assertThat(worker.shutdownNow()).isEmpty();
  }
}
