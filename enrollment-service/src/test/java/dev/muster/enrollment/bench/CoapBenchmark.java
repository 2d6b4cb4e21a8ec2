/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.bench;

import static org.assertj.core.api.Assertions.assertThat;

import dev.muster.testing.CoapsClient;
import dev.muster.testing.DatagramProxy;
import dev.muster.testing.FaultProxy;
import dev.muster.testing.TestPki;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.eclipse.californium.core.coap.CoAP.ResponseCode;
import org.eclipse.californium.core.coap.Request;
import org.eclipse.californium.core.coap.Response;
import org.eclipse.californium.scandium.config.DtlsConfig;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Enrollments over HTTPS and over CoAP with one server, in turn: how many a second, each with its
 * handshake, what they cost the server, and how many bytes they are on the wire; both ask for the
 * same, and are answered with the same certs-only message. And what a DTLS session takes that is
 * only kept.
 */
class CoapBenchmark {
  private static final int ROUNDS = Integer.getInteger("bench.rounds", 5);
  private static final int WARM_UP = Integer.getInteger("bench.warmup", 3);
  private static final int DEVICES = Integer.getInteger("bench.devices", 200);
  private static final int IDLE = Integer.getInteger("bench.idle", 10_000);
  private static final int IDLE_SECONDS = 20;
  /** The server keeps no more sessions of one certificate. */
  private static final int OF_CERTIFICATE = 8;
  /** Of which the bytes are counted: signatures have not all the same length. */
  private static final int COUNTED = Integer.getInteger("bench.counted", 25);

  private static final int CERTS_ONLY = 281;

  private final TestPki.Credential factory = TestPki.root("O=Acme,CN=Acme Device Root");
  private final AtomicInteger serials = new AtomicInteger();

  @TempDir
  Path folder;

  @Test
  void enrollments() throws Exception {
    try (BenchProcess server = start()) {
      List<double[]> https = new ArrayList<>();
      List<double[]> coaps = new ArrayList<>();
      for (int round = -WARM_UP; round < ROUNDS; round++) {
        double[] first = overHttps(server);
        double[] second = overCoap(server);
        if (round >= 0) {
          https.add(first);
          coaps.add(second);
        }
      }
      report("HTTPS", https);
      report("CoAP ", coaps);
    }
    bytes();
  }

  private BenchProcess start() throws IOException {
    return new BenchProcess(
        System.getProperty("java.class.path"),
        BenchProcess.OPTIONS,
        folder.resolve("db"),
        factory,
        true,
        0);
  }

  /** @return enrollments a second, and CPU ms of the server for each */
  private double[] overHttps(BenchProcess server) throws IOException {
    List<BenchDevice> devices = devices(server);
    return measured(server, devices, device -> enroll(device, server.port));
  }

  private double[] overCoap(BenchProcess server) throws IOException {
    List<BenchDevice> devices = devices(server);
    return measured(server, devices, device -> enrollOverCoap(device, server, server.coapsPort));
  }

  private interface Enrolling {
    void enroll(BenchDevice device) throws IOException;
  }

  private static double[] measured(
      BenchProcess server, List<BenchDevice> devices, Enrolling enrolling) {
    ThreadCpu before = server.cpu();
    Load.Result result = Load.closed(
        devices.stream()
            .<Load.Task>map(device -> () -> enrolling.enroll(device))
            .toList(),
        1);
    ThreadCpu after = server.cpu();
    double cpu = Stream.of(ThreadCpu.Kind.values())
        .filter(kind -> kind != ThreadCpu.Kind.COMPILER)
        .mapToDouble(kind -> after.msEach(kind, before, devices.size()))
        .sum();
    return new double[] {result.perSecond(), cpu};
  }

  private static void enroll(BenchDevice device, int port) throws IOException {
    try (EstConnection connection = EstConnection.open(device.idevid, port)) {
      connection.send(device.enrollment);
    }
  }

  private static void enrollOverCoap(BenchDevice device, BenchProcess server, int port)
      throws IOException {
    try (CoapsClient client = client("127.0.0.1", port, server, device)) {
      Request request = Request.newPost();
      request.setPayload(Base64.getDecoder().decode(device.csr));
      request.getOptions().setContentFormat(286).setAccept(CERTS_ONLY);
      Response response = client.send(request, "/est/sen");
      if (response.getCode() != ResponseCode.CHANGED) {
        throw new IOException(response.toString());
      }
    }
  }

  /** The certificate names a host, and clients from other addresses go by the server's. */
  private static CoapsClient client(
      String from, int port, BenchProcess server, BenchDevice device) {
    return new CoapsClient(
        from,
        port,
        server.root,
        device.identity,
        settings -> settings.set(DtlsConfig.DTLS_VERIFY_SERVER_CERTIFICATES_SUBJECT, false));
  }

  private List<BenchDevice> devices(BenchProcess server) {
    return IntStream.range(0, DEVICES)
        .parallel()
        .mapToObj(i -> new BenchDevice(factory, "C" + serials.incrementAndGet(), server.trust))
        .toList();
  }

  /**
   * One device after the other, by proxies of their own. What is counted is the payload of TCP and
   * of UDP, without the headers of either: so many segments as TCP makes of it, a proxy cannot see.
   */
  private void bytes() throws IOException, InterruptedException {
    List<FaultProxy> tcp = new ArrayList<>();
    List<DatagramProxy> udp = new ArrayList<>();
    try (BenchProcess server = new BenchProcess(
        System.getProperty("java.class.path"),
        BenchProcess.OPTIONS,
        folder.resolve("bytes"),
        factory,
        true,
        0)) {
      for (int i = 0; i < COUNTED; i++) {
        tcp.add(FaultProxy.to(server.port));
        enroll(new BenchDevice(factory, "T" + i, server.trust), tcp.get(i).port());
        udp.add(DatagramProxy.to(server.coapsPort, 1));
        enrollOverCoap(
            new BenchDevice(factory, "U" + i, server.trust), server, udp.get(i).port());
      }
      Thread.sleep(1_000); // The last words of the last connections.
      System.out.printf(
          "bytes of an enrollment with its handshake, of TCP's or UDP's payload: HTTPS %.0f;"
              + " CoAP %.0f in %.0f datagrams (medians of %d)%n",
          median(tcp.stream().mapToDouble(FaultProxy::bytes)),
          median(udp.stream().mapToDouble(one -> one.counts().bytes())),
          median(udp.stream().mapToDouble(one -> one.counts().datagrams())),
          COUNTED);
    } finally {
      tcp.forEach(FaultProxy::close);
      udp.forEach(DatagramProxy::close);
    }
  }

  private static void report(String name, List<double[]> rounds) {
    System.out.printf(
        "%s enrollments/s %.0f, CPU ms of the server for each %.1f (medians of %d)%n",
        name, median(rounds, 0), median(rounds, 1), rounds.size());
  }

  private static double median(List<double[]> rounds, int figure) {
    return median(rounds.stream().mapToDouble(one -> one[figure]));
  }

  private static double median(DoubleStream figures) {
    double[] sorted = figures.sorted().toArray();
    return sorted[sorted.length / 2];
  }

  @Test
  void idleSessions() throws IOException, InterruptedException {
    try (BenchProcess server = start()) {
      List<BenchDevice> devices = new ArrayList<>();
      for (int i = 0; i <= IDLE / OF_CERTIFICATE; i++) {
        devices.add(new BenchDevice(factory, "I" + i, server.trust));
      }
      int first = IDLE / 10;
      keep(devices, server, 0, first);
      long before = server.liveBytes();
      keep(devices, server, first, IDLE);
      long after = server.liveBytes();
      ThreadCpu busy = server.cpu();
      Thread.sleep(IDLE_SECONDS * 1_000L);
      ThreadCpu idle = server.cpu();
      double cpu = Stream.of(ThreadCpu.Kind.values())
          .mapToDouble(kind -> idle.msEach(kind, busy, IDLE_SECONDS))
          .sum();
      System.out.printf(
          "a DTLS session that is kept: %d bytes (%d less %d of them); the server's heap with %d:"
              + " %.1f MB; keeping them: %.1f ms of CPU a second%n",
          (after - before) / (IDLE - first), IDLE, first, IDLE, after / 1e6, cpu);
    }
  }

  /** Clients that go without a word. One address may have half of the sessions. */
  private static void keep(List<BenchDevice> devices, BenchProcess server, int from, int to)
      throws IOException {
    Load.closed(
        IntStream.range(from, to)
            .<Load.Task>mapToObj(i -> () -> {
              String address = "127.0.0." + (2 + i % 4);
              BenchDevice device = devices.get(i / OF_CERTIFICATE);
              try (CoapsClient client = client(address, server.coapsPort, server, device)) {
                assertThat(client.get("/est/crts").getCode()).isEqualTo(ResponseCode.CONTENT);
              }
            })
            .toList(),
        1);
  }
}
