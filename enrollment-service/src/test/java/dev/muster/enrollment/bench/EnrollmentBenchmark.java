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
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntFunction;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Enrollments and renewals a second over TLS 1.3 with mutual authentication, client and server on
 * the same cores, and the CPU time that each costs the server. The servers: {@code durable} with
 * files and a flush, {@code memory} with the registry in memory, {@code filled} with 100,000
 * devices in the registry already, and {@code other}: as durable, but of another build, whose
 * classes {@code -Dbench.other} names, or with the JVM's options in {@code -Dbench.other.options}.
 * Rounds are interleaved and medians compared, because machines drift: first one way round, then
 * the other.
 */
class EnrollmentBenchmark {
  private static final int ROUNDS = Integer.getInteger("bench.rounds", 5);

  /** Not counted: a JVM needs some 30,000 requests until its compiler rests. */
  private static final int WARM_UP = Integer.getInteger("bench.warmup", 6);

  private static final int DEVICES = Integer.getInteger("bench.devices", 600);

  /** For a slow machine less: the server waits for a request for twenty seconds only. */
  private static final int OPEN_AT_ONCE = Integer.getInteger("bench.open", 600);

  private static final int FILLED = Integer.getInteger("bench.filled", 100_000);
  private static final String OTHER_OPTIONS =
      System.getProperty("bench.other.options", BenchProcess.OPTIONS);
  private static final List<String> SERVERS =
      List.of(System.getProperty("bench.servers", "durable,memory,filled").split(","));

  private final TestPki.Credential factory = TestPki.root("O=Acme,CN=Acme Device Root");
  private final AtomicInteger serials = new AtomicInteger();
  private final Map<String, Map<String, List<Double>>> figures = new LinkedHashMap<>();

  @TempDir
  Path folder;

  @Test
  void enrollments() throws Exception {
    Map<String, BenchProcess> servers = new LinkedHashMap<>();
    try {
      for (String name : SERVERS) {
        servers.put(name, start(name));
      }
      for (int round = -WARM_UP; round < ROUNDS; round++) {
        List<String> order = new ArrayList<>(SERVERS);
        if (round % 2 != 0) {
          Collections.reverse(order);
        }
        for (String name : order) {
          round(name, servers.get(name), round >= 0);
        }
      }
    } finally {
      for (BenchProcess server : servers.values()) {
        server.close();
      }
    }
    report();
  }

  private BenchProcess start(String name) throws IOException {
    String classPath = System.getProperty("java.class.path");
    return new BenchProcess(
        name.equals("other") ? otherBuild(classPath) : classPath,
        name.equals("other") ? OTHER_OPTIONS : BenchProcess.OPTIONS,
        folder.resolve(name),
        factory,
        !name.equals("memory"),
        name.equals("filled") ? FILLED : 0);
  }

  private static String otherBuild(String classPath) {
    return classPath.replace(
        Path.of("target", "classes").toAbsolutePath().toString(),
        System.getProperty(
            "bench.other", Path.of("target", "classes").toAbsolutePath().toString()));
  }

  private void round(String name, BenchProcess server, boolean counts) {
    List<BenchDevice> devices = devices(server);
    byte[][] answers = new byte[DEVICES][];
    Load.Result fresh = costed(
        name,
        "enrollment, new connection",
        server,
        counts,
        () -> Load.closed(
            tasks(i -> {
              try (EstConnection connection =
                  EstConnection.open(devices.get(i).idevid, server.port)) {
                answers[i] = connection.send(devices.get(i).enrollment);
              }
            }),
            1));
    List<SSLContext> ldevids = IntStream.range(0, DEVICES)
        .mapToObj(i -> devices.get(i).ldevid(answers[i]))
        .toList();
    costed(
        name,
        "renewal, new connection",
        server,
        counts,
        () -> Load.closed(
            tasks(i -> {
              try (EstConnection connection = EstConnection.open(ldevids.get(i), server.port)) {
                connection.send(devices.get(i).renewal);
              }
            }),
            1));
    List<BenchDevice> more = devices(server);
    for (int from = 0; from < DEVICES; from += OPEN_AT_ONCE) {
      onOpenConnections(
          name, server, counts, more.subList(from, Math.min(DEVICES, from + OPEN_AT_ONCE)));
    }
    List<BenchDevice> later = devices(server);
    Load.Result half = Load.open(
        tasks(i -> {
          try (EstConnection connection = EstConnection.open(later.get(i).idevid, server.port)) {
            connection.send(later.get(i).enrollment);
          }
        }),
        fresh.perSecond() / 2);
    if (counts) {
      note(name, "p50 ms at half load, new connections", half.percentileMs(50));
      note(name, "p99 ms at half load, new connections", half.percentileMs(99));
      note(name, "of that, ms the clients' own collector", half.clientsStoppedMs());
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
    return tasks(DEVICES, work);
  }

  private static List<Load.Task> tasks(int number, Indexed work) {
    return IntStream.range(0, number)
        .<Load.Task>mapToObj(i -> () -> work.run(i))
        .toList();
  }

  /** First certificates, then renewals; handshakes are over when the clock starts. */
  private void onOpenConnections(
      String name, BenchProcess server, boolean counts, List<BenchDevice> devices) {
    byte[][] answers = new byte[devices.size()][];
    List<EstConnection> first = connections(server, devices.size(), i -> devices.get(i).idevid);
    costed(
        name,
        "enrollment, open connection",
        server,
        counts,
        () -> Load.closed(
            tasks(devices.size(), i -> answers[i] = first.get(i).send(devices.get(i).enrollment)),
            1));
    close(first);
    List<EstConnection> next =
        connections(server, devices.size(), i -> devices.get(i).ldevid(answers[i]));
    costed(
        name,
        "renewal, open connection",
        server,
        counts,
        () -> Load.closed(tasks(devices.size(), i -> next.get(i).send(devices.get(i).renewal)), 1));
    close(next);
  }

  private static List<EstConnection> connections(
      BenchProcess server, int number, IntFunction<SSLContext> identities) {
    EstConnection[] open = new EstConnection[number];
    Load.closed(
        tasks(number, i -> open[i] = EstConnection.open(identities.apply(i), server.port)), 1);
    return List.of(open);
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

  /** Has a load run, and notes how many requests a second it came to and what each did cost. */
  private Load.Result costed(
      String name, String what, BenchProcess server, boolean counts, Supplier<Load.Result> load) {
    ThreadCpu clients = ThreadCpu.of(ProcessHandle.current().pid());
    ThreadCpu before = server.cpu();
    Load.Result result = load.get();
    ThreadCpu after = server.cpu();
    if (counts) {
      note(name, what + ": a second", result.perSecond());
      note(
          name,
          what + ": CPU ms, the client's",
          ThreadCpu.of(ProcessHandle.current().pid())
              .msEach(ThreadCpu.Kind.CLIENT, clients, result.requests()));
      double sum = 0;
      for (ThreadCpu.Kind kind : ThreadCpu.Kind.OF_SERVERS) {
        double ms = after.msEach(kind, before, result.requests());
        note(name, what + ": CPU ms, " + kind, ms);
        sum += kind == ThreadCpu.Kind.COMPILER ? 0 : ms;
      }
      note(name, what + ": CPU ms without the compiler", sum);
    }
    return result;
  }

  private void note(String server, String figure, double value) {
    figures
        .computeIfAbsent(figure, key -> new LinkedHashMap<>())
        .computeIfAbsent(server, key -> new ArrayList<>())
        .add(value);
  }

  private static double median(List<Double> values) {
    double[] sorted = values.stream().mapToDouble(Double::doubleValue).sorted().toArray();
    return sorted[sorted.length / 2];
  }

  private void report() {
    System.out.printf("%n%-56s", "median of " + ROUNDS + " rounds of " + DEVICES);
    SERVERS.forEach(name -> System.out.printf(" %10s", name));
    SERVERS.stream()
        .skip(1)
        .forEach(name -> System.out.printf(" %16s", SERVERS.get(0) + "/" + name));
    System.out.println();
    figures.forEach((figure, of) -> {
      double first = median(of.get(SERVERS.get(0)));
      System.out.printf("%-56s", figure);
      SERVERS.forEach(name -> System.out.printf(" %10.3f", median(of.get(name))));
      SERVERS.stream()
          .skip(1)
          .forEach(name -> System.out.printf(" %16.3f", first / median(of.get(name))));
      System.out.println();
    });
    figures.forEach((figure, of) -> System.out.println(figure + " " + of));
  }
}
