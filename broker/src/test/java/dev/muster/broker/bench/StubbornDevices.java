/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.bench;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;

/**
 * Devices that measure on whatever happens, and send until it is acknowledged: those of MQTT 5 with
 * as many messages in flight as they may have, those of MQTT 3.1.1 with as many as they have. All
 * on one thread.
 */
final class StubbornDevices implements AutoCloseable {
  private static final long INTERVAL_NS = TimeUnit.MILLISECONDS.toNanos(200);
  private static final long RETRY_NS = TimeUnit.SECONDS.toNanos(2);
  private static final int RECEIVE_MAXIMUM = 20;

  private final List<Device> devices = new ArrayList<>();
  private final int port;
  private int reconnected;

  StubbornDevices(BenchFleet fleet, int port) {
    this.port = port;
    long now = System.nanoTime();
    for (int i = 0; i < fleet.devices.size(); i++) {
      int version = i % 2 == 0 ? MqttPackets.MQTT_5 : MqttPackets.MQTT_3;
      devices.add(new Device(
          BenchFleet.name(i),
          version,
          fleet.device(i),
          now + i * INTERVAL_NS / fleet.devices.size()));
    }
  }

  /** One of them. */
  final class Device {
    final String id;
    final Set<Integer> acknowledged = new HashSet<>();
    private final int version;
    private final SSLContext tls;
    /** What was measured and is not sent, or not on this connection. */
    private final Deque<Integer> waiting = new ArrayDeque<>();
    /** What was sent on this connection, by packet id. */
    private final Map<Integer, Integer> inFlight = new LinkedHashMap<>();

    private @Nullable MqttConnection connection;
    private long connectAt;
    private long measureAt;
    private int measured;

    Device(String id, int version, SSLContext tls, long measureAt) {
      this.id = id;
      this.version = version;
      this.tls = tls;
      this.measureAt = measureAt;
    }

    void step(long now, boolean measures) {
      if (measures && now >= measureAt) {
        measureAt += INTERVAL_NS;
        waiting.add(++measured);
      }
      try {
        MqttConnection open = connection == null ? connect(now) : connection;
        if (open != null) {
          open.read(this::packet);
          sendWhatWaits(open);
        }
      } catch (IOException e) {
        disconnected(System.nanoTime());
      }
    }

    private @Nullable MqttConnection connect(long now) throws IOException {
      if (now < connectAt) {
        return null;
      }
      connection = MqttConnection.open(tls, port, id, version);
      reconnected += connectAt == 0 ? 0 : 1;
      return connection;
    }

    private void packet(int type, ByteBuffer body) {
      if (type == MqttPackets.PUBACK) {
        Integer value = inFlight.remove(body.getShort() & 0xffff);
        boolean accepted = !body.hasRemaining() || body.get() >= 0;
        if (value != null && accepted) {
          acknowledged.add(value);
        } else if (value != null) {
          waiting.addFirst(value);
        }
      }
    }

    private void sendWhatWaits(MqttConnection open) throws IOException {
      int most = version == MqttPackets.MQTT_5 ? RECEIVE_MAXIMUM : Integer.MAX_VALUE;
      while (!waiting.isEmpty() && inFlight.size() < most) {
        int value = waiting.getFirst();
        int packetId = open.publish(
            "fleets/f1/devices/" + id + "/telemetry/env",
            Map.of("muster-boot", "b", "muster-seq", Integer.toString(value)),
            ("{\"n\":" + value + "}").getBytes(StandardCharsets.US_ASCII));
        inFlight.put(packetId, value);
        waiting.removeFirst();
      }
    }

    private void disconnected(long now) {
      connection = null;
      connectAt = now + RETRY_NS;
      List<Integer> again = new ArrayList<>(inFlight.values());
      inFlight.clear();
      for (int i = again.size() - 1; i >= 0; i--) {
        waiting.addFirst(again.get(i));
      }
    }

    int open() {
      return measured - acknowledged.size();
    }
  }

  List<Device> all() {
    return devices;
  }

  int unacknowledged() {
    return devices.stream().mapToInt(Device::open).sum();
  }

  int acknowledged() {
    return devices.stream().mapToInt(device -> device.acknowledged.size()).sum();
  }

  int reconnected() {
    return reconnected;
  }

  /** They measure and send for a while. */
  void send(Duration time) throws InterruptedException {
    long end = System.nanoTime() + time.toNanos();
    while (System.nanoTime() < end) {
      step(true);
    }
  }

  /** They measure no more, and send what they have. */
  void finish(Duration limit) throws InterruptedException {
    long end = System.nanoTime() + limit.toNanos();
    while (unacknowledged() > 0) {
      if (System.nanoTime() > end) {
        throw new IllegalStateException(unacknowledged() + " messages are not acknowledged");
      }
      step(false);
    }
  }

  private void step(boolean measures) throws InterruptedException {
    for (Device device : devices) {
      device.step(System.nanoTime(), measures);
    }
    TimeUnit.MILLISECONDS.sleep(5);
  }

  @Override
  public void close() throws IOException {
    for (Device device : devices) {
      if (device.connection != null) {
        device.connection.close();
      }
    }
  }
}
