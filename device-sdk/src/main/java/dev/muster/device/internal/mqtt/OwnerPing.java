/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.internal.mqtt;

import dev.muster.device.internal.loop.EventLoop;
import java.time.Duration;
import org.eclipse.paho.mqttv5.client.MqttPingSender;
import org.eclipse.paho.mqttv5.client.internal.ClientComms;
import org.jspecify.annotations.Nullable;

/** Keeps a connection alive by the device's own timer; Paho would start a thread for it. */
final class OwnerPing implements MqttPingSender {
  private final EventLoop loop;
  private @Nullable ClientComms comms;
  private EventLoop.@Nullable Timed next;
  private boolean stopped = true;

  OwnerPing(EventLoop loop) {
    this.loop = loop;
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
      next.cancel();
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
    next = loop.after(Duration.ofMillis(delay), this::ping);
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
