/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.bench.peers;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * This SDK beside other clients, each in a JVM of its own, in turns: how soon it is connected, what
 * memory it takes, what a message of QoS 1 costs, and how many go in a second.
 * {@code -Dbench.rounds=5 -Dbench.starts=6 -Dbench.seconds=4 -Dbench.clients=ours,paho}.
 */
class PeersBenchmark {
  private static final int ROUNDS = Integer.getInteger("bench.rounds", 5);
  private static final int STARTS = Integer.getInteger("bench.starts", 6);
  private static final int SECONDS = Integer.getInteger("bench.seconds", 4);
  private static final String[] CLIENTS =
      System.getProperty("bench.clients", "ours,paho,hivemq,aws,azure").split(",");
  /** Threads that are there on demand are gone by then. */
  private static final int SETTLE_MS = 7_000;

  /** Bare Paho takes no more than Mosquitto allows at a time. */
  private static final int FEW = 10;

  private static final int MANY = 1_000;

  @TempDir
  Path folder;

  @TempDir
  Path clients;

  private final Map<String, List<Double>> samples = new LinkedHashMap<>();

  @Test
  void clients_inTurns_startMemoryAndMessages() throws Exception {
    try (Broker broker = new Broker(folder, clients)) {
      for (int round = 0; round < ROUNDS; round++) {
        for (String client : CLIENTS) {
          measure(client, broker.link());
        }
        for (int start = 0; start < STARTS; start++) {
          for (String client : CLIENTS) {
            measureStart(client, broker.link());
          }
        }
      }
    }
    report();
  }

  private void measureStart(String client, Link link) throws IOException {
    try (Running program = new Running(client, link)) {
      add(client, "start ms", program.startMs());
      add(client, "start CPU ms", program.cpuMs());
    }
  }

  private void measure(String client, Link link) throws Exception {
    try (Running program = new Running(client, link)) {
      Thread.sleep(SETTLE_MS);
      add(client, "RSS MB", program.residentMb());
      program.publish(FEW, SECONDS, 0); // Until it is compiled.
      double before = program.cpuMs();
      long acknowledged = program.publish(FEW, SECONDS, 0).acknowledged();
      add(client, "CPU us/message", (program.cpuMs() - before) * 1000 / acknowledged);
      if (!client.equals("paho")) {
        acknowledged = program.publish(MANY, SECONDS, 0).acknowledged();
      }
      add(client, "messages/s", (double) acknowledged / SECONDS);
    }
  }

  private void add(String client, String what, double value) {
    samples.computeIfAbsent(what + "|" + client, key -> new ArrayList<>()).add(value);
  }

  private void report() {
    samples.forEach((key, values) -> {
      List<Double> sorted = values.stream().sorted().toList();
      System.err.printf(
          "%-28s median %10.1f  min %10.1f  max %10.1f  (%d)%n",
          key,
          sorted.get(sorted.size() / 2),
          sorted.get(0),
          sorted.get(sorted.size() - 1),
          sorted.size());
    });
  }
}
