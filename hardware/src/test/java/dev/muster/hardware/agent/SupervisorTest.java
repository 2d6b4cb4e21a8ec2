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
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Against a socket that stands for systemd's. */
class SupervisorTest {
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
      await().until(() -> Files.exists(socket));
      Supervisor supervisor =
          Supervisor.of(Map.of("NOTIFY_SOCKET", socket.toString(), "WATCHDOG_USEC", "100000"));

      supervisor.watch(worker);
      await().until(() -> told().contains("READY=1") && told().contains("WATCHDOG=1"));

      supervisor.stopping();
      await().until(() -> told().contains("STOPPING=1"));
    } finally {
      systemd.destroy();
    }
  }

  @Test
  void watch_withoutSystemd_doesNothing() {
    Supervisor.of(Map.of("WATCHDOG_USEC", "1000")).watch(worker);

    assertThat(worker.shutdownNow()).isEmpty();
  }
}
