/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.internal.mqtt;

import dev.muster.device.internal.log.DeviceLogger;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.eclipse.paho.mqttv5.client.MqttPingSender;
import org.eclipse.paho.mqttv5.client.internal.ClientComms;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/** Keeps a connection alive by the device's own timer; Paho would start a thread for it. */
final class OwnerPing implements MqttPingSender {
  private static final Logger LOG = DeviceLogger.of(OwnerPing.class);

  private final ScheduledExecutorService timer;
  private @Nullable ClientComms comms;
  private @Nullable ScheduledFuture<?> next;
  private boolean stopped = true;

  OwnerPing(ScheduledExecutorService timer) {
    this.timer = timer;
  }

  @Override
  public synchronized void init(ClientComms clientComms) {
    comms = clientComms;
  }

  @Override
  public synchronized void start() {
    stopped = false;
    ClientComms started = comms;
    if (started != null && started.getKeepAlive() > 0) {
      schedule(started.getKeepAlive());
    }
  }

  @Override
  public synchronized void stop() {
    stopped = true;
    if (next != null) {
      next.cancel(false);
      next = null;
    }
  }

  @Override
  public synchronized void schedule(long delayInMilliseconds) {
    if (stopped) {
      return;
    }
    // Paho rounds down, to nothing if the ping is due within this millisecond.
    long delay = Math.max(1, delayInMilliseconds);
    try {
      next = timer.schedule(this::ping, delay, TimeUnit.MILLISECONDS);
    } catch (RejectedExecutionException e) {
      LOG.debug("Ping not scheduled, the device is closing");
    }
  }

  private void ping() {
    ClientComms due;
    synchronized (this) {
      due = stopped ? null : comms;
    }
    if (due != null) {
      due.checkForActivity();
    }
  }
}
