/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.bench;

import dev.muster.testing.TestPki;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Enrollments and renewals a second over TLS 1.3 with mutual authentication, client and server on
 * the same cores: with files and a flush, with the registry in memory, and with 100,000 devices in
 * the registry already. Rounds are interleaved and medians compared, because machines drift.
 */
class EnrollmentBenchmark {
  private static final int ROUNDS = Integer.getInteger("bench.rounds", 5);

  /** Not counted: a JVM needs some 30,000 requests until its compiler rests. */
  private static final int WARM_UP = Integer.getInteger("bench.warmup", 6);

  private static final int DEVICES = Integer.getInteger("bench.devices", 600);
  private static final int FILLED = Integer.getInteger("bench.filled", 100_000);

  private final TestPki.Credential factory = TestPki.root("O=Acme,CN=Acme Device Root");
  private final AtomicInteger serials = new AtomicInteger();
  private final Map<String, List<Double>> figures = new LinkedHashMap<>();

  @TempDir
  Path folder;

  @Test
  void enrollments() throws Exception {
    try (BenchProcess durable = new BenchProcess(folder.resolve("durable"), factory, true, 0);
        BenchProcess memory = new BenchProcess(folder.resolve("memory"), factory, false, 0);
        BenchProcess filled = new BenchProcess(folder.resolve("filled"), factory, true, FILLED)) {
      for (int round = -WARM_UP; round < ROUNDS; round++) {
        round("durable", durable, round >= 0);
        round("memory", memory, round >= 0);
        round("filled", filled, round >= 0);
      }
    }
    report();
  }

  private void round(String name, BenchProcess server, boolean counts) {
    List<BenchDevice> devices = devices(server);
    List<SSLContext> ldevids = new ArrayList<>(Collections.nCopies(DEVICES, null));
    Load.Result fresh = Load.closed(
        tasks(i -> {
          try (EstConnection connection = EstConnection.open(devices.get(i).idevid, server.port)) {
            byte[] answer = connection.send(devices.get(i).enrollment);
            ldevids.set(i, devices.get(i).ldevid(answer));
          }
        }),
        1);
    Load.Result renewed = Load.closed(
        tasks(i -> {
          try (EstConnection connection = EstConnection.open(ldevids.get(i), server.port)) {
            connection.send(devices.get(i).renewals.get(0));
          }
        }),
        1);
    Load.Result kept = keptAlive(server, devices, ldevids);
    Load.Result first = firstOnOpenConnections(server, devices(server));
    List<BenchDevice> later = devices(server);
    Load.Result half = Load.open(
        tasks(i -> {
          try (EstConnection connection = EstConnection.open(later.get(i).idevid, server.port)) {
            connection.send(later.get(i).enrollment);
          }
        }),
        fresh.perSecond() / 2);
    if (counts) {
      note(name, "enrollments/s, new connections", fresh.perSecond());
      note(name, "renewals/s, new connections", renewed.perSecond());
      note(name, "enrollments/s, open connections", first.perSecond());
      note(name, "renewals/s, open connections", kept.perSecond());
      note(name, "p50 ms at half load, new connections", half.percentileMs(50));
      note(name, "p99 ms at half load, new connections", half.percentileMs(99));
    }
  }

  private List<BenchDevice> devices(BenchProcess server) {
    return IntStream.range(0, DEVICES)
        .parallel()
        .mapToObj(i -> new BenchDevice(factory, "B" + serials.incrementAndGet(), server.trust))
        .toList();
  }

  private interface Indexed {
    void run(int index) throws IOException;
  }

  private static List<Load.Task> tasks(Indexed work) {
    return IntStream.range(0, DEVICES)
        .<Load.Task>mapToObj(i -> () -> work.run(i))
        .toList();
  }

  /** Handshakes are over when the clock starts. */
  private static Load.Result keptAlive(
      BenchProcess server, List<BenchDevice> devices, List<SSLContext> ldevids) {
    List<EstConnection> open =
        ldevids.stream().map(ldevid -> connect(ldevid, server)).toList();
    // All first renewals are done already.
    int more = BenchDevice.RENEWALS - 1;
    Load.Result result = Load.closed(
        tasks(i -> {
          for (int n = 1; n <= more; n++) {
            open.get(i).send(devices.get(i).renewals.get(n));
          }
        }),
        more);
    close(open);
    return result;
  }

  private static Load.Result firstOnOpenConnections(
      BenchProcess server, List<BenchDevice> devices) {
    List<EstConnection> open =
        devices.stream().map(device -> connect(device.idevid, server)).toList();
    Load.Result result = Load.closed(tasks(i -> open.get(i).send(devices.get(i).enrollment)), 1);
    close(open);
    return result;
  }

  private static EstConnection connect(SSLContext identity, BenchProcess server) {
    try {
      return EstConnection.open(identity, server.port);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void close(List<EstConnection> connections) {
    connections.forEach(connection -> {
      try {
        connection.close();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    });
  }

  private void note(String server, String figure, double value) {
    figures.computeIfAbsent(figure + "|" + server, key -> new ArrayList<>()).add(value);
  }

  private double median(String figure, String server) {
    double[] values = figures.get(figure + "|" + server).stream()
        .mapToDouble(Double::doubleValue)
        .sorted()
        .toArray();
    return values[values.length / 2];
  }

  private void report() {
    System.out.printf(
        "%n%-40s %10s %10s %10s %16s %16s%n",
        "median of " + ROUNDS + " rounds of " + DEVICES,
        "durable",
        "in memory",
        FILLED / 1000 + "k devices",
        "durable/memory",
        "filled/durable");
    figures.keySet().stream().map(key -> key.split("\\|")[0]).distinct().forEach(figure -> {
      double durable = median(figure, "durable");
      double memory = median(figure, "memory");
      double filled = median(figure, "filled");
      System.out.printf(
          "%-40s %10.1f %10.1f %10.1f %16.2f %16.2f%n",
          figure, durable, memory, filled, durable / memory, filled / durable);
    });
    System.out.println("all rounds, durable: "
        + Arrays.toString(figures.entrySet().stream()
            .filter(entry -> entry.getKey().endsWith("|durable"))
            .map(entry -> String.format("%s %s", entry.getKey(), entry.getValue()))
            .toArray()));
  }
}
