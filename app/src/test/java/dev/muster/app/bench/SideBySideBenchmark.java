/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.bench;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.muster.testing.PeerProgram;
import dev.muster.testing.TestPki;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Ours, HiveMQ CE as it comes, and Mosquitto, under {@code muster simulate} with the same scenario:
 * P-256 certificates, TLS 1.3, QoS 1, the same payloads. Each server has one core, the fleet the
 * other; one is loaded while the others idle; rounds are interleaved.
 */
class SideBySideBenchmark {
  private static final int ROUNDS = Integer.getInteger("bench.rounds", 3);
  private static final int DEVICES = Integer.getInteger("bench.devices", 500);
  private static final int SECONDS = Integer.getInteger("bench.seconds", 15);
  private static final Duration LIMIT = Duration.ofMinutes(5);
  private static final int STEADY = 2;
  private static final int FLOOD = 3;

  @TempDir
  Path folder;

  private final Map<String, Map<String, List<Double>>> figures = new LinkedHashMap<>();
  private final List<Process> servers = new ArrayList<>();

  /** A server, and how the fleet is told of it. */
  private record Contender(String name, List<String> options) {}

  @Test
  void sideBySide() throws Exception {
    Files.writeString(folder.resolve("load.yaml"), """
        name: side by side
        devices: %1$d
        rate: 1
        payload: constant
        phases:
          - enroll: {for: 3m}
          - ramp: {for: 5s}
          - steady: {for: %2$ds}
          - flood: {for: %2$ds, devices: %1$d}
        """.formatted(DEVICES, SECONDS));
    muster("factory", "init", "--out", "state/factory", "--name", "sim");
    certify();
    try {
      List<Contender> contenders = List.of(ours(), plain(), mosquitto());
      for (int round = 0; round <= ROUNDS; round++) {
        for (Contender contender : contenders) {
          JsonNode run = load(contender);
          // The first is for the compilers.
          if (round > 0) {
            note(contender, run);
          }
        }
      }
      report(contenders);
    } finally {
      servers.forEach(Process::destroy);
    }
  }

  private void certify() throws IOException {
    TestPki.Credential root = TestPki.root("CN=Bench Root");
    TestPki.write(folder, "server", root.issue("CN=broker,OU=server").server().build());
    Files.writeString(folder.resolve("root.pem"), TestPki.pem(List.of(root.certificate())));
    for (String name : List.of("device-ca.pem", "service-ca.pem")) {
      Files.copy(folder.resolve("state/factory/ca.pem"), folder.resolve(name));
    }
  }

  private Contender ours() throws IOException {
    List<String> command = Pinned.muster("serve", "--data", "ours");
    int mqtt = 0;
    for (String port : List.of("est", "operator", "http", "metrics", "mqtt")) {
      mqtt = freePort();
      command.addAll(List.of("--set", "ports." + port + "=" + mqtt));
    }
    serve("ours", mqtt, command);
    Awaitility.await()
        .atMost(LIMIT)
        .until(() -> Files.readString(folder.resolve("ours.log")).contains("ready "));
    return new Contender("ours", List.of("--data", "ours"));
  }

  private Contender plain() throws IOException {
    int port = freePort();
    String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    String path = Pinned.ROOT.resolve("broker/target/test-classes") + ":"
        + Pinned.ROOT.resolve("app/target/library") + "/*";
    serve(
        "plain",
        port,
        List.of(
            java,
            "-XX:+UseSerialGC",
            Pinned.HEAP,
            "-cp",
            path,
            "dev.muster.broker.bench.PlainBroker",
            folder.toString(),
            Integer.toString(port)));
    return brokerOnly("plain CE", port);
  }

  private Contender mosquitto() throws IOException {
    int port = freePort();
    Files.writeString(folder.resolve("mosquitto.conf"), """
        listener %d 127.0.0.1
        cafile %2$s/device-ca.pem
        certfile %2$s/server.pem
        keyfile %2$s/server.key
        require_certificate true
        allow_anonymous true
        persistence false
        set_tcp_nodelay true
        user root
        """.formatted(port, folder));
    serve(
        "mosquitto",
        port,
        List.of(
            PeerProgram.require("mosquitto").executable().toString(),
            "-c",
            folder.resolve("mosquitto.conf").toString()));
    return brokerOnly("Mosquitto", port);
  }

  private static Contender brokerOnly(String name, int port) {
    return new Contender(
        name,
        List.of(
            "--broker-only",
            "--mqtt",
            "mqtts://localhost:" + port,
            "--ca",
            "root.pem",
            "--state",
            "state"));
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    }
  }

  private void serve(String name, int port, List<String> command) throws IOException {
    servers.add(Pinned.process(folder, Pinned.SERVERS, command)
        .redirectErrorStream(true)
        .redirectOutput(folder.resolve(name + ".log").toFile())
        .start());
    Awaitility.await().atMost(LIMIT).ignoreExceptions().until(() -> {
      try (Socket socket = new Socket()) {
        socket.connect(new InetSocketAddress("localhost", port));
        return true;
      }
    });
  }

  private JsonNode load(Contender contender) throws Exception {
    List<String> arguments =
        new ArrayList<>(List.of("simulate", "--scenario", "load.yaml", "--json", "--seed", "1"));
    arguments.addAll(contender.options());
    JsonNode run = new ObjectMapper().readTree(muster(arguments.toArray(String[]::new)));
    assertThat(run.path("result").asText()).as(run::toPrettyString).isEqualTo("passed");
    return run;
  }

  private String muster(String... arguments) throws Exception {
    Path out = folder.resolve("out");
    Process process = Pinned.process(folder, Pinned.LOAD, Pinned.muster(arguments))
        .redirectOutput(out.toFile())
        .redirectError(folder.resolve("err").toFile())
        .start();
    assertThat(process.waitFor(LIMIT.toSeconds(), TimeUnit.SECONDS)).isTrue();
    String printed = Files.readString(out);
    assertThat(process.exitValue())
        .as(() -> printed + "\n" + read(folder.resolve("err")))
        .isZero();
    return printed;
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      return e.toString();
    }
  }

  private void note(Contender contender, JsonNode run) {
    JsonNode steady = run.path("phases").path(STEADY);
    JsonNode flood = run.path("phases").path(FLOOD);
    note(
        "p50 of PUBACK, steady, ms",
        contender,
        steady.path("latency").path("p50Ms").asDouble());
    note(
        "p99 of PUBACK, steady, ms",
        contender,
        steady.path("latency").path("p99Ms").asDouble());
    note(
        "messages/s, flood",
        contender,
        flood.path("acknowledged").asDouble() / flood.path("seconds").asDouble());
    note("messages per CPU-second of the server, flood", contender, perCpuSecond(run, flood));
  }

  /** From the first to the last sample within a phase. */
  private static double perCpuSecond(JsonNode run, JsonNode phase) {
    double begin = phase.path("begin").asDouble();
    double end = begin + phase.path("seconds").asDouble();
    double first = Double.NaN;
    double cpu = Double.NaN;
    long messages = 0;
    for (JsonNode sample : run.path("samples")) {
      if (sample.path("at").asDouble() > begin && sample.path("at").asDouble() <= end) {
        cpu = sample.path("server").path("cpuSeconds").asDouble(Double.NaN);
        messages += Double.isNaN(first) ? 0 : sample.path("acknowledged").asLong();
        first = Double.isNaN(first) ? cpu : first;
      }
    }
    return messages / (cpu - first);
  }

  private void note(String figure, Contender contender, double value) {
    figures
        .computeIfAbsent(figure, key -> new LinkedHashMap<>())
        .computeIfAbsent(contender.name(), key -> new ArrayList<>())
        .add(value);
  }

  private static double median(List<Double> values) {
    return values.stream().sorted().toList().get(values.size() / 2);
  }

  /** Ratios are taken within a round, and then their median. */
  private void report(List<Contender> contenders) {
    System.out.printf(
        "FIGURE %d devices, %d rounds of %d s: %s; ours / plain CE; ours / Mosquitto%n",
        DEVICES, ROUNDS, SECONDS, contenders.stream().map(Contender::name).toList());
    figures.forEach((figure, of) -> {
      StringBuilder line = new StringBuilder(String.format("FIGURE %-46s", figure));
      contenders.forEach(
          contender -> line.append(String.format(" %10.1f", median(of.get(contender.name())))));
      contenders.stream()
          .skip(1)
          .forEach(other ->
              line.append(String.format(" %8.3f", ratio(of.get("ours"), of.get(other.name())))));
      System.out.println(line);
    });
  }

  private static double ratio(List<Double> ours, List<Double> others) {
    List<Double> ratios = new ArrayList<>();
    for (int i = 0; i < ours.size(); i++) {
      ratios.add(ours.get(i) / others.get(i));
    }
    return median(ratios);
  }
}
