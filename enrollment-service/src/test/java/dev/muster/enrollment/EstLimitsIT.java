/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.muster.enrollment.est.EstConfig;
import dev.muster.enrollment.est.EstLimits;
import dev.muster.testing.TestPki;
import java.io.IOException;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What EST takes on, and what becomes of those who ask for more. */
class EstLimitsIT {
  private static final int MANY = 1_000_000;

  @TempDir
  Path folder;

  private RunningService service(EstLimits limits) {
    RunningService service = new RunningService(
        folder,
        config -> RunningService.with(config, new EstConfig("127.0.0.1", 0, true, false, limits)));
    service.addManufacturer("acme", service.factory, "auto");
    return service;
  }

  @Test
  void est_tls_connectionsOfAnAddress_areBounded() throws IOException {
    try (RunningService service = service(new EstLimits(2, MANY, MANY, MANY));
        TlsClient first = cacerts(service)) {
      try (TlsClient second = cacerts(service)) {
        assertThatThrownBy(() -> cacerts(service)).isInstanceOf(IOException.class);
        assertThat(service.count("muster.est.connections.refused")).isEqualTo(1);
        ask(second);
      }
      await().ignoreExceptions().untilAsserted(() -> cacerts(service).close());
      ask(first);
    }
  }

  @Test
  void est_tls_handshakesInProgress_areBounded() throws IOException {
    try (RunningService service = service(new EstLimits(MANY, 4, MANY, MANY));
        Socket silent = new Socket("127.0.0.1", service.service().estPort())) {
      try (Socket alsoSilent = new Socket("127.0.0.1", service.service().estPort())) {
        assertThat(alsoSilent.isConnected()).isTrue();
        await()
            .untilAsserted(() -> assertThat(
                    service.meters.get("muster.est.handshakes").gauge().value())
                .isEqualTo(2));
        // Both of the two that one address may have.
        assertThatThrownBy(() -> cacerts(service)).isInstanceOf(IOException.class);
      }
      await().ignoreExceptions().untilAsserted(() -> cacerts(service).close());
      assertThat(silent.isClosed()).isFalse();
    }
  }

  private static TlsClient cacerts(RunningService service) throws IOException {
    TlsClient client = TlsClient.connect(service, null);
    ask(client);
    return client;
  }

  private static void ask(TlsClient client) throws IOException {
    client.send("GET /.well-known/est/cacerts HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assertThat(client.answer(false)).startsWith("HTTP/1.1 200");
  }

  @Test
  void est_simpleenroll_deviceThatAsksOverAndOver_is429WithRetryAfter() {
    try (RunningService service = service(new EstLimits(MANY, MANY, 2, MANY))) {
      service.idevid("OFTEN");
      service.enrolled("OFTEN", "often");
      assertThat(service.enroll("simpleenroll", "OFTEN", "often").status()).isEqualTo(200);
      slowed(service.enroll("simpleenroll", "OFTEN", "often"), "device: too many requests");
      service.idevid("OTHER");
      service.enrolled("OTHER", "other");
    }
  }

  @Test
  void est_simpleenroll_manufacturerWhoseDevicesComeAtOnce_is429_andRenewalsGoOn() {
    try (RunningService service = service(new EstLimits(MANY, MANY, MANY, 2))) {
      for (String serial : List.of("M1", "M2", "M3")) {
        service.idevid(serial);
      }
      service.enrolled("M1", "m1");
      service.enrolled("M2", "m2");
      service.csr("m3", "/");
      slowed(service.enroll("simpleenroll", "M3", "m3"), "manufacturer: too many requests");
      service.csr("m1-next", "/");
      assertThat(service.enroll("simplereenroll", "m1", "m1-next").status()).isEqualTo(200);
    }
  }

  private static void slowed(RunningService.Http answer, String reason) {
    assertThat(answer.status()).as(answer.toString()).isEqualTo(429);
    assertThat(Integer.parseInt(answer.header("Retry-After").orElseThrow())).isBetween(1, 60);
    assertThat(answer.body()).contains(reason);
  }

  @Test
  void est_simplereenroll_inAFloodOfOthers_isServed() throws Exception {
    try (RunningService service = service(new EstLimits(MANY, MANY, MANY, MANY))) {
      service.idevid("CALM");
      service.enrolled("CALM", "calm");
      AtomicBoolean ended = new AtomicBoolean();
      AtomicInteger served = new AtomicInteger();
      ConcurrentHashMap<Integer, Boolean> statuses = new ConcurrentHashMap<>();
      ExecutorService flood = Executors.newFixedThreadPool(8);
      for (int i = 0; i < 8; i++) {
        Flooder flooder = flooder(service, i);
        flood.execute(() -> {
          while (!ended.get()) {
            statuses.put(flooder.ask(20), true);
            served.incrementAndGet();
          }
        });
      }
      await().atMost(Duration.ofMinutes(1)).until(() -> served.get() > 0);
      String credential = "calm";
      for (int i = 0; i < 5; i++) {
        service.csr("calm" + i, "/");
        RunningService.Http answer = service.enroll("simplereenroll", credential, "calm" + i);
        assertThat(answer.status()).as(answer.toString()).isEqualTo(200);
        service.unpack(answer, "calm" + i);
        credential = "calm" + i;
      }
      ended.set(true);
      flood.shutdown();
      assertThat(flood.awaitTermination(60, TimeUnit.SECONDS)).isTrue();
      assertThat(statuses.keySet()).isSubsetOf(200, 401, 403, 503);
      await()
          .untilAsserted(() -> assertThat(service
                  .meters
                  .get("muster.enrollment.work.done")
                  .tag("lane", "renewal")
                  .functionCounter()
                  .count())
              .as("the device's, and nobody else's")
              .isEqualTo(5));
    }
  }

  /** Newcomers; newcomers who pretend to renew; strangers, also of a CA that is named like ours. */
  private static Flooder flooder(RunningService service, int number) {
    String name = "FLOOD-" + number;
    String namesake = service.authorities.deviceCa().getSubjectX500Principal().getName();
    return switch (number % 4) {
      case 0 -> new Flooder(service, "simpleenroll", name, service.idevid(name));
      case 1 -> new Flooder(service, "simplereenroll", name, service.idevid(name));
      case 2 -> new Flooder(service, "simplereenroll", name, TestPki.root("CN=x"));
      default ->
        new Flooder(
            service,
            "simplereenroll",
            name,
            TestPki.root(namesake).issue("CN=x,O=default,OU=device").build());
    };
  }

  /** Asks for many certificates at once, on connections of its own. */
  private static final class Flooder {
    private final HttpClient client;
    private final HttpRequest request;

    Flooder(RunningService service, String operation, String name, TestPki.Credential shown) {
      service.csr(name, "/");
      client = HttpClient.newBuilder()
          .sslContext(TlsClient.context(service.authorities.root(), shown))
          .version(HttpClient.Version.HTTP_1_1)
          .build();
      request = HttpRequest.newBuilder(URI.create(service.est(operation)))
          .header("Content-Type", "application/pkcs10")
          .timeout(Duration.ofSeconds(60))
          .POST(HttpRequest.BodyPublishers.ofString(service.text(name + ".b64")))
          .build();
    }

    /** @return the greatest status that came back */
    int ask(int times) {
      List<CompletableFuture<HttpResponse<Void>>> answers = new ArrayList<>();
      for (int i = 0; i < times; i++) {
        answers.add(client.sendAsync(request, HttpResponse.BodyHandlers.discarding()));
      }
      return answers.stream()
          .mapToInt(answer -> answer.join().statusCode())
          .max()
          .orElse(0);
    }
  }
}
