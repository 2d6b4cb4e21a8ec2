/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.bench;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.muster.app.operator.OperatorClient;
import dev.muster.hardware.factory.Factory;
import dev.muster.protocol.file.PemFile;
import dev.muster.protocol.telemetry.Measurement;
import dev.muster.simulator.client.DeviceLink;
import dev.muster.simulator.client.Endpoints;
import dev.muster.simulator.client.FactoryIdentity;
import dev.muster.simulator.client.LightLinks;
import dev.muster.simulator.client.MqttRelease;
import dev.muster.simulator.payload.Reading;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * How long a session lives on when an operator revokes its certificate: from the request to the
 * operator API, by the enrollment service's registry and a new CRL, to the end of the connection at
 * the device, among thousands that stay. Server and devices have a core each.
 */
class RevocationBenchmark {
  private static final int SESSIONS = Integer.getInteger("bench.clients", 3_000);
  private static final int REVOKED = Integer.getInteger("bench.revoked", 300);
  private static final Duration LIMIT = Duration.ofMinutes(15);

  @TempDir
  Path folder;

  private final AtomicInteger acceptedAfterwards = new AtomicInteger();

  @Test
  void fromTheOperatorsRequest_toTheClosedConnection() throws Exception {
    new ProcessBuilder(
            "taskset", "-acp", "" + Pinned.LOAD, "" + ProcessHandle.current().pid())
        .start()
        .waitFor();
    Process server = Pinned.process(
            folder, Pinned.SERVERS, Pinned.muster("serve", "--data", "data", "--ephemeral-ports"))
        .redirectErrorStream(true)
        .redirectOutput(folder.resolve("log").toFile())
        .start();
    try {
      Awaitility.await()
          .atMost(LIMIT)
          .until(() -> Files.readAllLines(folder.resolve("log")).stream()
              .anyMatch(line -> line.startsWith("ready ")));
      try (LightLinks links = fleet()) {
        measure(connect(links));
      }
    } finally {
      server.destroy();
      server.waitFor(60, TimeUnit.SECONDS);
    }
  }

  private Path data() {
    return folder.resolve("data");
  }

  /** Devices of a factory that the server trusts. */
  private LightLinks fleet() throws Exception {
    Factory factory = Factory.init(folder.resolve("acme"), "acme", Clock.systemUTC());
    Process added = Pinned.process(
            folder,
            Pinned.LOAD,
            Pinned.muster(
                "admin",
                "manufacturers",
                "add",
                "acme",
                "--ca",
                "acme/ca.pem",
                "--admission",
                "auto",
                "--data",
                "data"))
        .inheritIO()
        .start();
    assertThat(added.waitFor()).isZero();
    dev.muster.app.backend.Endpoints ports = dev.muster.app.backend.Endpoints.read(data());
    Endpoints endpoints = new Endpoints(
        ports.estUrl(),
        ports.mqttUrl(),
        MqttRelease.V5,
        data().resolve("trust/root.pem"),
        folder.resolve("state"),
        1);
    return new LightLinks(endpoints, serial -> identity(factory, serial), Clock.systemUTC());
  }

  private FactoryIdentity identity(Factory factory, String serial) {
    Path files = folder.resolve("identities").resolve(serial);
    factory.issue(serial, files);
    return new FactoryIdentity(files.resolve("device.key"), files.resolve("chain.pem"));
  }

  /** A device, and when its connection ended after it was expelled. */
  private final class Victim implements DeviceLink.Listener {
    private final String serial;
    final CompletableFuture<Void> online = new CompletableFuture<>();
    final CompletableFuture<Long> ended = new CompletableFuture<>();
    private final DeviceLink link;
    private volatile boolean expelled;
    volatile boolean answered;

    Victim(LightLinks links, String serial) {
      this.serial = serial;
      this.link = links.open(serial, this);
    }

    @Override
    public void enrolled() {
      // It connects by itself.
    }

    @Override
    public void online() {
      online.complete(null);
    }

    @Override
    public void expelled() {
      expelled = true;
    }

    @Override
    public void waiting(String reason) {
      if (expelled && ended.complete(System.nanoTime())) {
        // Its own thread is here.
        CompletableFuture.runAsync(link::close);
      }
    }

    /** One message after the other, until it is expelled. */
    void publish() {
      boolean afterTheAnswer = answered;
      Measurement one = new Measurement("t", null, Instant.now(), new Measurement.Value.Number(1));
      link.send(new Reading("env", List.of(one))).acknowledged().thenRun(() -> {
        if (afterTheAnswer) {
          acceptedAfterwards.incrementAndGet();
        }
        publish();
      });
    }

    String certificate() throws IOException {
      Path chain = folder.resolve("state/ldevid").resolve(serial + ".pem");
      return PemFile.certificates(chain).get(0).getSerialNumber().toString(16);
    }
  }

  private List<Victim> connect(LightLinks links) {
    List<Victim> devices = new ArrayList<>();
    for (int i = 0; i < SESSIONS; i++) {
      devices.add(new Victim(links, "sn-" + i));
    }
    devices.forEach(device -> device.link.start());
    CompletableFuture.allOf(
            devices.stream().map(device -> device.online).toArray(CompletableFuture[]::new))
        .orTimeout(LIMIT.toSeconds(), TimeUnit.SECONDS)
        .join();
    return devices;
  }

  private void measure(List<Victim> devices) throws Exception {
    OperatorClient operator = OperatorClient.local(data());
    double[] closed = new double[REVOKED];
    double[] answered = new double[REVOKED];
    for (int i = 0; i < REVOKED; i++) {
      Victim victim = devices.get(i * (SESSIONS / REVOKED));
      String path = "certificates/" + victim.certificate() + "/revoke";
      victim.publish();
      long start = System.nanoTime();
      JsonNode answer =
          operator.post(path, JsonNodeFactory.instance.objectNode().put("reason", "keyCompromise"));
      answered[i] = (System.nanoTime() - start) / 1e6;
      victim.answered = true;
      closed[i] = (victim.ended.get(60, TimeUnit.SECONDS) - start) / 1e6;
      assertThat(answer.path("brokers").path(0).path("cut").asInt())
          .as(answer + "")
          .isOne();
    }
    assertThat(acceptedAfterwards).as("accepted after the API had answered").hasValue(0);
    assertThat(devices.stream().filter(device -> device.ended.isDone()))
        .as("nobody else was cut")
        .hasSize(REVOKED);
    say("closed connection", closed);
    say("answer", answered);
  }

  private static void say(String what, double[] tookMs) {
    double[] sorted = tookMs.clone();
    Arrays.sort(sorted);
    System.out.printf(
        "FIGURE operator's request to %s, %d of %d sessions, one at a time: p50 %.1f ms, p99 %.1f"
            + " ms, most %.1f ms%n",
        what,
        REVOKED,
        SESSIONS,
        sorted[sorted.length / 2],
        sorted[sorted.length * 99 / 100],
        sorted[sorted.length - 1]);
  }
}
