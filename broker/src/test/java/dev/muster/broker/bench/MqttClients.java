/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.bench;

import java.io.IOException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * Devices that publish telemetry, each with one message in flight at most: as fast as they are
 * acknowledged, or at a rate. All on one thread.
 */
final class MqttClients implements AutoCloseable {
  private static final int CONNECTING = 16;
  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final String BOOT = "b";

  private final Selector selector;
  private final List<Client> clients = new ArrayList<>();
  private long[] latencies = new long[1 << 16];
  private int acknowledged;
  private int refused;
  private int open;

  /** What became of it; latencies count from when a message was due, and are sorted. */
  record Result(int acknowledged, int refused, double seconds, long[] latenciesNs) {
    double perSecond() {
      return acknowledged / seconds;
    }

    double percentileMs(double percentile) {
      int index = (int) Math.min(latenciesNs.length - 1, percentile / 100 * latenciesNs.length);
      return latenciesNs[index] / 1e6;
    }
  }

  /** One device. */
  final class Client {
    final MqttConnection connection;
    private final String topic;
    /** When the messages were due that wait for the one in flight. */
    private final ArrayDeque<Long> due = new ArrayDeque<>();

    private boolean inFlight;
    private long dueNs;
    private long sequence;

    Client(MqttConnection connection) {
      this.connection = connection;
      this.topic = "fleets/f1/devices/" + connection.id + "/telemetry/env";
    }

    private void publish(long nanos) throws IOException {
      if (inFlight) {
        due.add(nanos);
        return;
      }
      inFlight = true;
      open++;
      dueNs = nanos;
      sequence++;
      connection.publish(
          topic, Map.of("muster-boot", BOOT, "muster-seq", Long.toString(sequence)), payload());
    }

    /** What the last message said. */
    double lastValue() {
      return sequence % 400 / 10.0;
    }

    private byte[] payload() {
      return ("[{\"n\":\"temperature\",\"u\":\"Cel\",\"v\":" + lastValue() + "}]")
          .getBytes(StandardCharsets.US_ASCII);
    }

    private void read(long until) throws IOException {
      connection.read((type, body) -> {
        if (type == MqttPackets.PUBACK) {
          note(System.nanoTime() - dueNs, body.remaining() > 2 && body.get(2) < 0);
          inFlight = false;
        }
      });
      if (!inFlight) {
        long now = System.nanoTime();
        if (!due.isEmpty()) {
          publish(due.remove());
        } else if (now < until) {
          publish(now);
        }
      }
    }
  }

  /** Connects all devices of a fleet. @param version 4 is MQTT 3.1.1 */
  MqttClients(BenchFleet fleet, int port, int version) throws IOException {
    selector = Selector.open();
    ExecutorService threads = Executors.newFixedThreadPool(CONNECTING);
    List<Future<MqttConnection>> connecting = new ArrayList<>();
    for (int i = 0; i < fleet.devices.size(); i++) {
      int number = i;
      connecting.add(threads.submit(
          () -> MqttConnection.open(fleet.device(number), port, BenchFleet.name(number), version)));
    }
    try {
      for (Future<MqttConnection> connection : connecting) {
        add(new Client(connection.get()));
      }
    } catch (ExecutionException e) {
      throw new IOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException(e);
    } finally {
      threads.shutdownNow();
    }
  }

  private void add(Client client) throws IOException {
    clients.add(client);
    client.connection.channel().register(selector, SelectionKey.OP_READ, client);
  }

  List<Client> clients() {
    return clients;
  }

  private void note(long latencyNs, boolean isRefused) {
    open--;
    refused += isRefused ? 1 : 0;
    if (acknowledged == latencies.length) {
      latencies = Arrays.copyOf(latencies, 2 * acknowledged);
    }
    latencies[acknowledged++] = latencyNs;
  }

  /** Each sends its next message when the last one is acknowledged. */
  Result closed(Duration time) throws IOException {
    long start = begin();
    long end = start + time.toNanos();
    for (Client client : clients) {
      client.publish(System.nanoTime());
    }
    while (System.nanoTime() < end) {
      read(end, 1);
    }
    return finish(start);
  }

  /** Messages come at a rate, whether or not those before are acknowledged. */
  Result open(double perSecond, Duration time) throws IOException {
    long start = begin();
    int messages = (int) (perSecond * time.toNanos() / 1e9);
    for (int next = 0; next < messages; ) {
      long due = start + (long) (next / perSecond * 1e9);
      if (due <= System.nanoTime()) {
        clients.get(next++ % clients.size()).publish(due);
      } else {
        read(0, 0);
      }
    }
    return finish(start);
  }

  private long begin() {
    acknowledged = 0;
    refused = 0;
    return System.nanoTime();
  }

  private Result finish(long start) throws IOException {
    long limit = System.nanoTime() + PATIENCE.toNanos();
    while (open > 0) {
      if (System.nanoTime() > limit) {
        throw new IOException(open + " messages are not acknowledged");
      }
      read(0, 10);
    }
    double seconds = (System.nanoTime() - start) / 1e9;
    long[] sorted = Arrays.copyOf(latencies, acknowledged);
    Arrays.sort(sorted);
    return new Result(acknowledged, refused, seconds, sorted);
  }

  /** @param waitMs 0: does not wait */
  private void read(long until, int waitMs) throws IOException {
    int ready = waitMs == 0 ? selector.selectNow() : selector.select(waitMs);
    if (ready > 0) {
      for (SelectionKey key : selector.selectedKeys()) {
        ((Client) key.attachment()).read(until);
      }
      selector.selectedKeys().clear();
    }
  }

  @Override
  public void close() throws IOException {
    for (Client client : clients) {
      client.connection.close();
    }
    selector.close();
  }
}
