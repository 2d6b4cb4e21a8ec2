/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.hardware.agent;

import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells systemd that the agent is up, that it lives, and that it stops (sd_notify(3)).
 *
 * <p>By the program systemd-notify, because systemd listens for datagrams, and Java's Unix sockets
 * are streams. A process a minute costs a device less than native code would. Nobody waits for it.
 */
final class Supervisor {
  private static final Logger LOG = LoggerFactory.getLogger(Supervisor.class);

  private final @Nullable String socket;
  private final @Nullable Duration patience;

  private Supervisor(@Nullable String socket, @Nullable Duration patience) {
    this.socket = socket;
    this.patience = patience;
  }

  /** As systemd has set the environment; without a socket there is nobody to tell. */
  static Supervisor of(Map<String, String> environment) {
    return new Supervisor(environment.get("NOTIFY_SOCKET"), patience(environment));
  }

  private static @Nullable Duration patience(Map<String, String> environment) {
    String micros = environment.getOrDefault("WATCHDOG_USEC", "");
    return micros.matches("[1-9][0-9]{0,14}")
        ? Duration.ofNanos(Long.parseLong(micros) * 1_000)
        : null;
  }

  /**
   * Says that it is up; and, as long as {@code worker} gets on with its work, that it lives.
   *
   * @param getsOn asked by the worker's thread
   */
  void watch(ScheduledExecutorService worker, BooleanSupplier getsOn) {
    tell("READY=1");
    if (socket != null && patience != null) {
      long millis = patience.dividedBy(2).toMillis();
      worker.scheduleWithFixedDelay(
          () -> tellIf(getsOn), millis, Math.max(1, millis), TimeUnit.MILLISECONDS);
    }
  }

  private void tellIf(BooleanSupplier getsOn) {
    if (getsOn.getAsBoolean()) {
      tell("WATCHDOG=1");
    }
  }

  /** Says that it stops, which may take a while. */
  void stopping() {
    tell("STOPPING=1");
  }

  private void tell(String state) {
    if (socket == null) {
      return;
    }
    ProcessBuilder notify = new ProcessBuilder("systemd-notify", state).inheritIO();
    notify.environment().put("NOTIFY_SOCKET", socket);
    try {
      notify.start();
    } catch (IOException e) {
      LOG.warn("Supervisor not told state={} reason={}", state, e.getMessage());
    }
  }
}
