/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.hardware.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.Test;

class DeviceAgentTest {
  private static final Duration LIMIT = Duration.ofSeconds(60);

  @Test
  void restart_programThatFails_isLogged() throws Exception {
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
      DeviceAgent.restart(List.of("false"));

      await()
          .atMost(LIMIT)
          .untilAsserted(() ->
              assertThat(logged).containsExactly("Machine not restarted program=false exitCode=1"));
    } finally {
      log.removeHandler(handler);
    }
  }
}
