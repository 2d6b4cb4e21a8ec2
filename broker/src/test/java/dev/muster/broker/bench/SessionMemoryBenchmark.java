/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.bench;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What an idle session keeps of the heap, next to one of HiveMQ CE. */
class SessionMemoryBenchmark {
  private static final int ROUNDS = Integer.getInteger("bench.rounds", 3);
  private static final int SESSIONS = Integer.getInteger("bench.clients", 3_000);

  @TempDir
  Path folder;

  @Test
  void idleSessions() throws Exception {
    BenchProcess.leaveServersAlone();
    BenchFleet fleet = new BenchFleet(folder, SESSIONS);
    List<Double> ours = new ArrayList<>();
    List<Double> plain = new ArrayList<>();
    try (BenchServer our = BenchServer.ours(fleet);
        BenchServer ce = BenchServer.plain(fleet)) {
      // What the first session loads stays.
      perSession(fleet, our);
      perSession(fleet, ce);
      for (int round = 0; round < ROUNDS; round++) {
        Map<String, Double> grown = perSession(fleet, our);
        Map<String, Double> grownPlain = perSession(fleet, ce);
        ours.add(sum(grown));
        plain.add(sum(grownPlain));
        if (round == ROUNDS - 1) {
          explain(grown, grownPlain);
        }
      }
    }
    System.out.printf(
        "FIGURE heap of an idle session, median of %d rounds of %d: ours %.0f bytes, plain CE %.0f,"
            + " ours above it %.0f%n",
        ROUNDS, SESSIONS, median(ours), median(plain), median(ours) - median(plain));
    System.out.println(
        "FIGURE heap of an idle session, all rounds: ours " + ours + ", plain CE " + plain);
  }

  /** @return bytes for each session, by class */
  private static Map<String, Double> perSession(BenchFleet fleet, BenchServer server)
      throws IOException, InterruptedException {
    Map<String, Long> before = live(server);
    try (MqttClients clients = new MqttClients(fleet, server.port(), MqttPackets.MQTT_5)) {
      Map<String, Double> grown = new HashMap<>();
      live(server)
          .forEach((name, bytes) -> grown.put(
              name,
              (double) (bytes - before.getOrDefault(name, 0L))
                  / clients.clients().size()));
      return grown;
    }
  }

  /** When it has done what connecting and disconnecting gave it to do. */
  private static Map<String, Long> live(BenchServer server)
      throws IOException, InterruptedException {
    server.process().awaitIdle();
    return server.process().liveBytesByClass();
  }

  private static double sum(Map<String, Double> grown) {
    return grown.values().stream().mapToDouble(Double::doubleValue).sum();
  }

  /** The classes that we keep more of, and whose they are. */
  private static void explain(Map<String, Double> ours, Map<String, Double> plain) {
    Map<String, Double> more = new HashMap<>(ours);
    plain.forEach((name, bytes) -> more.merge(name, -bytes, Double::sum));
    Map<String, Double> byOwner = new TreeMap<>();
    more.forEach((name, bytes) -> byOwner.merge(owner(name), bytes, Double::sum));
    byOwner.forEach((owner, bytes) ->
        System.out.printf("FIGURE more than plain CE, %s: %.0f bytes%n", owner, bytes));
    more.entrySet().stream()
        .sorted(Map.Entry.<String, Double>comparingByValue().reversed())
        .limit(40)
        .forEach(entry -> System.out.printf("%8.0f %s%n", entry.getValue(), entry.getKey()));
  }

  private static String owner(String type) {
    if (type.contains("org.h2.")) {
      return "H2's cache";
    }
    if (type.startsWith("dev.muster.")) {
      return "our own classes";
    }
    // It sorts the extensions of each client in trees, and guards them with locks.
    if (type.startsWith("com.hivemq.")
        || type.startsWith("java.util.TreeMap")
        || type.startsWith("java.util.concurrent.locks.")) {
      return "HiveMQ's for a client of an extension";
    }
    if (type.equals("[B") || type.equals("java.lang.String")) {
      return "texts and bytes";
    }
    return type.startsWith("java.util.concurrent.ConcurrentHashMap") ? "maps" : "the rest";
  }

  private static double median(List<Double> values) {
    return values.stream().sorted().toList().get(values.size() / 2);
  }
}
