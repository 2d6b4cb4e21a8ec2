/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.bench;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What a message of QoS 1 over mutual TLS costs our broker, which has it on disk before it says so,
 * next to HiveMQ CE and Mosquitto, which keep nothing. Servers share one core, one after the other;
 * their clients have the other. Rounds are interleaved and medians compared, because machines
 * drift. {@code -Dbench.jfr=FILE} records ours and says what it did while PUBACKs were timed.
 */
class IngestBenchmark {
  private static final int ROUNDS = Integer.getInteger("bench.rounds", 5);

  /** Not counted: until their compilers rest. */
  private static final int WARM_UP = Integer.getInteger("bench.warmup", 3);

  /** Messages a second at which PUBACKs are timed; 0: half of what ours takes. */
  private static final int RATE = Integer.getInteger("bench.rate", 0);

  private static final int CLIENTS = Integer.getInteger("bench.clients", 1_000);
  private static final Duration TIME = Duration.ofSeconds(Integer.getInteger("bench.seconds", 10));
  private static final long LONGEST_NS = Duration.ofSeconds(60).toNanos();

  private final Map<String, List<Double>> figures = new LinkedHashMap<>();
  /** When PUBACKs of ours were timed. */
  private final List<Recording.Window> timed = new ArrayList<>();

  private double ourRate;
  private double queryableMs;

  @TempDir
  Path folder;

  private record Contender(BenchServer server, MqttClients clients) implements AutoCloseable {
    @Override
    public void close() throws IOException {
      clients.close();
      server.close();
    }
  }

  private static Contender connect(BenchFleet fleet, BenchServer server) throws IOException {
    return new Contender(server, new MqttClients(fleet, server.port(), MqttPackets.MQTT_5));
  }

  @Test
  void ingest() throws Exception {
    BenchProcess.leaveServersAlone();
    BenchFleet fleet = new BenchFleet(folder, CLIENTS);
    try (Contender ours = connect(fleet, BenchServer.ours(fleet));
        Contender plain = connect(fleet, BenchServer.plain(fleet));
        Contender mosquitto = connect(fleet, BenchServer.mosquitto(fleet))) {
      for (int round = -WARM_UP; round < ROUNDS; round++) {
        for (Contender contender : List.of(ours, plain, mosquitto)) {
          round(contender, round >= 0);
        }
      }
      report(List.of(ours, plain, mosquitto));
    }
    if (!BenchProcess.RECORDING.isEmpty()) {
      Recording.print(Path.of(BenchProcess.RECORDING), timed);
    }
  }

  private void round(Contender contender, boolean counts) throws Exception {
    BenchServer server = contender.server();
    double before = server.process().cpuSeconds();
    MqttClients.Result full = contender.clients().closed(TIME);
    if (server.api() != 0) {
      // The other two get the same, after it.
      ourRate = full.perSecond();
      queryableMs = queryable(server, contender.clients());
    }
    server.process().awaitIdle();
    double used = server.process().cpuSeconds() - before;
    Instant begin = Instant.now();
    MqttClients.Result half = contender.clients().open(RATE > 0 ? RATE : ourRate / 2, TIME);
    if (counts && server.api() != 0) {
      timed.add(new Recording.Window(begin, Instant.now()));
    }
    server.process().awaitIdle();
    assertThat(full.refused() + half.refused()).as("refused").isZero();
    if (counts) {
      note(server, "messages/CPU-second", full.acknowledged() / used);
      note(server, "ms until queryable (ours alone)", queryableMs);
      note(server, "messages/s, all that it takes", full.perSecond());
      note(server, "messages/s, half of ours", half.perSecond());
      note(server, "p50 ms of PUBACK, half of ours", half.percentileMs(50));
      note(server, "p99 ms of PUBACK, half of ours", half.percentileMs(99));
    }
  }

  /** @return how long it takes until whoever asks finds the last message of each device, in ms */
  private static double queryable(BenchServer server, MqttClients clients) throws Exception {
    long start = System.nanoTime();
    String query = clients.clients().stream()
        .map(client -> "device=" + client.connection.id)
        .collect(Collectors.joining(
            "&", "/telemetry/latest?limit=" + clients.clients().size() + "&", ""));
    while (!holdsTheLast(server.get(query).getJsonArray("values"), clients)) {
      assertThat(System.nanoTime() - start).as("ns until all is there").isLessThan(LONGEST_NS);
    }
    return (System.nanoTime() - start) / 1e6;
  }

  private static boolean holdsTheLast(JsonArray values, MqttClients clients) {
    Map<String, Double> found = values.stream()
        .map(JsonObject.class::cast)
        .collect(Collectors.toMap(one -> one.getString("device"), one -> one.getDouble("value")));
    return clients.clients().stream()
        .allMatch(
            client -> Double.valueOf(client.lastValue()).equals(found.get(client.connection.id)));
  }

  private void note(BenchServer server, String figure, double value) {
    figures
        .computeIfAbsent(figure + "|" + server.name(), key -> new ArrayList<>())
        .add(value);
  }

  private double median(String figure, String server) {
    return figures.get(figure + "|" + server).stream()
        .sorted()
        .toList()
        .get(figures.get(figure + "|" + server).size() / 2);
  }

  private void report(List<Contender> contenders) {
    System.out.printf(
        "%nFIGURE %-36s %10s %10s %10s %10s%n",
        "median of " + ROUNDS + " rounds, " + CLIENTS + " clients",
        "ours",
        "plain CE",
        "mosquitto",
        "ours/CE");
    figures.keySet().stream().map(key -> key.split("\\|")[0]).distinct().forEach(figure -> {
      System.out.printf("FIGURE %-36s", figure);
      contenders.forEach(contender ->
          System.out.printf(" %10.1f", median(figure, contender.server().name())));
      System.out.printf(" %10.2f%n", median(figure, "ours") / median(figure, "plain CE"));
    });
  }
}
