/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.bench.peers;

import dev.muster.device.MqttClient;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/**
 * A program with one client. Says {@code connected}; then for each line {@code outstanding seconds
 * rate} publishes as long as that, and says how many messages it sent, and how many were
 * acknowledged meanwhile. A rate of 0 is as fast as it goes.
 */
final class ClientProgram {
  private ClientProgram() {}

  /** @param args the client's name, host, port, folder */
  public static void main(String[] args) throws Exception {
    Client client = client(args[0], new Link(args[1], Integer.parseInt(args[2]), Path.of(args[3])));
    client.connect();
    System.out.println("connected");
    BufferedReader orders =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII));
    for (String order = orders.readLine(); order != null; order = orders.readLine()) {
      String[] words = order.split(" ");
      System.out.println(publish(
          client,
          Integer.parseInt(words[0]),
          TimeUnit.SECONDS.toNanos(Long.parseLong(words[1])),
          Integer.parseInt(words[2])));
    }
    System.exit(0);
  }

  private static Client client(String name, Link link) {
    return switch (name) {
      case "ours" -> new Ours(link, MqttClient.BUILT_IN);
      case "ours-paho" -> new Ours(link, MqttClient.PAHO);
      case "paho" -> BarePaho.inMemory(link);
      case "paho-files" -> BarePaho.withFiles(link);
      case "hivemq" -> new HiveMqClient(link);
      case "aws" -> new AwsClient(link);
      case "azure" -> new AzureClient(link);
      default -> throw new IllegalArgumentException(name);
    };
  }

  private static String publish(Client client, int outstanding, long nanos, int rate)
      throws Exception {
    Semaphore room = new Semaphore(outstanding);
    AtomicLong acknowledged = new AtomicLong();
    long begun = System.nanoTime();
    long sent = 0;
    while (System.nanoTime() - begun < nanos) {
      if (room.tryAcquire(100, TimeUnit.MILLISECONDS)) {
        client.publish(() -> {
          acknowledged.incrementAndGet();
          room.release();
        });
        sent++;
        awaitTurn(begun, sent, rate);
      }
    }
    String counts = sent + " " + acknowledged.get();
    // What is under way does not count for the next order; without an answer it is not waited for.
    room.tryAcquire(outstanding, 1, TimeUnit.SECONDS);
    return counts;
  }

  private static void awaitTurn(long begun, long sent, int rate) {
    if (rate > 0) {
      long due = begun + sent * TimeUnit.SECONDS.toNanos(1) / rate;
      LockSupport.parkNanos(due - System.nanoTime());
    }
  }
}
