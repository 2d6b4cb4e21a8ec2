/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.sun.net.httpserver.HttpServer;
import dev.muster.coap.CoapsConfig;
import dev.muster.enrollment.est.EstConfig;
import dev.muster.enrollment.est.EstLimits;
import dev.muster.enrollment.hook.HookConfig;
import dev.muster.testing.TestPki;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.pkcs.jcajce.JcaPKCS10CertificationRequestBuilder;
import org.eclipse.californium.core.coap.CoAP.ResponseCode;
import org.eclipse.californium.core.coap.Response;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What EST takes on, and what becomes of those who ask for more. */
class EstLimitsIT {
  private static final int MANY = 1_000_000;

  /** Of the lane for first requests. */
  private static final int THREADS = 48;

  private static final int WAITING = 16;

  @TempDir
  Path folder;

  /** By a clock that stands still: what is counted in a minute is not spread over two of them. */
  private RunningService service(EstLimits limits) {
    RunningService service = new RunningService(
        folder,
        Clock.fixed(Instant.now(), ZoneOffset.UTC),
        config -> RunningService.with(
            RunningService.with(config, new EstConfig("127.0.0.1", 0, true, false, limits)),
            CoapsConfig.on("127.0.0.1", 0)));
    service.addManufacturer("acme", service.factory, "auto");
    return service;
  }

  @Test
  void est_tls_connectionsOfAnAddress_areBounded() throws IOException {
    try (RunningService service = service(new EstLimits(2, MANY, MANY, MANY, MANY));
        TlsClient first = cacerts(service)) {
      try (TlsClient second = cacerts(service)) {
        assertThatThrownBy(() -> cacerts(service)).isInstanceOf(IOException.class);
        assertThat(service.count("muster.est.connections.refused")).isEqualTo(1);
        cacerts(service, "127.0.0.2").close();
        ask(second);
      }
      await().ignoreExceptions().untilAsserted(() -> cacerts(service).close());
      ask(first);
      webConnectionsOfAnAddress_areBounded(service);
    }
  }

  private static void webConnectionsOfAnAddress_areBounded(RunningService service)
      throws IOException {
    try (Socket first = web(service, "127.0.0.1");
        Socket second = web(service, "127.0.0.1")) {
      assertThat(askWeb(first)).isTrue();
      assertThat(askWeb(second)).isTrue();
      try (Socket third = web(service, "127.0.0.1");
          Socket other = web(service, "127.0.0.2")) {
        assertThat(askWeb(third)).isFalse();
        assertThat(askWeb(other)).isTrue();
      }
      assertThat(service.count("muster.web.connections.refused")).isEqualTo(1);
      assertThat(askWeb(first)).isTrue();
    }
    await().until(() -> {
      try (Socket again = web(service, "127.0.0.1")) {
        return askWeb(again);
      }
    });
  }

  private static Socket web(RunningService service, String from) throws IOException {
    Socket socket = new Socket(
        InetAddress.getByName("127.0.0.1"),
        service.service().httpPort(),
        InetAddress.getByName(from),
        0);
    socket.setSoTimeout(60_000);
    return socket;
  }

  /** @return false if it was closed instead */
  private static boolean askWeb(Socket socket) {
    try {
      socket
          .getOutputStream()
          .write("HEAD /nothing HTTP/1.1\r\nHost: a\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
      StringBuilder heard = new StringBuilder();
      while (heard.indexOf("\r\n\r\n") < 0) {
        int octet = socket.getInputStream().read();
        if (octet < 0) {
          return false;
        }
        heard.append((char) octet);
      }
      return heard.toString().startsWith("HTTP/1.1 404");
    } catch (SocketException e) {
      return false; // Reset, which is closed too.
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void est_tls_handshakesInProgress_areBounded() throws IOException {
    try (RunningService service = service(new EstLimits(MANY, 4, MANY, MANY, MANY));
        Socket silent = new Socket("127.0.0.1", service.service().estPort())) {
      try (Socket alsoSilent = new Socket("127.0.0.1", service.service().estPort())) {
        assertThat(alsoSilent.isConnected()).isTrue();
        await()
            .untilAsserted(() -> assertThat(
                    service.meters.get("muster.est.handshakes").gauge().value())
                .isEqualTo(2));
        // Both of the two that one address may have; but not those of others.
        assertThatThrownBy(() -> cacerts(service)).isInstanceOf(IOException.class);
        cacerts(service, "127.0.0.2").close();
        try (Socket third = silent(service, "127.0.0.2");
            Socket fourth = silent(service, "127.0.0.3")) {
          await()
              .untilAsserted(() -> assertThat(
                      service.meters.get("muster.est.handshakes").gauge().value())
                  .isEqualTo(4));
          // Four in all.
          assertThatThrownBy(() -> cacerts(service, "127.0.0.4")).isInstanceOf(IOException.class);
          assertThat(third.isConnected() && fourth.isConnected()).isTrue();
        }
      }
      await().ignoreExceptions().untilAsserted(() -> cacerts(service).close());
      assertThat(silent.isClosed()).isFalse();
    }
  }

  private static Socket silent(RunningService service, String from) throws IOException {
    return new Socket(
        InetAddress.getByName("127.0.0.1"),
        service.service().estPort(),
        InetAddress.getByName(from),
        0);
  }

  private static TlsClient cacerts(RunningService service) throws IOException {
    return cacerts(service, "127.0.0.1");
  }

  private static TlsClient cacerts(RunningService service, String from) throws IOException {
    TlsClient client = TlsClient.connect(service, null, from);
    ask(client);
    return client;
  }

  private static void ask(TlsClient client) throws IOException {
    client.send("GET /.well-known/est/cacerts HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assertThat(client.answer(false)).startsWith("HTTP/1.1 200");
  }

  @Test
  void est_simpleenroll_deviceThatAsksOverAndOver_is429WithRetryAfter() {
    try (RunningService service = service(new EstLimits(MANY, MANY, 2, MANY, MANY))) {
      service.idevid("OFTEN");
      service.enrolled("OFTEN", "often");
      assertThat(service.enroll("simpleenroll", "OFTEN", "often").status()).isEqualTo(200);
      slowed(service.enroll("simpleenroll", "OFTEN", "often"), "device: too many requests");
      try (CoapDevice device = new CoapDevice(
          service, service.factory.issue("CN=Widget,SERIALNUMBER=OFTEN").build())) {
        Response overCoap = device.post("/est/sen", service.read("often.der"));
        assertThat(overCoap.getCode()).isEqualTo(ResponseCode.TOO_MANY_REQUESTS);
        assertThat(overCoap.getOptions().getMaxAge()).isBetween(1L, 60L);
      }
      service.idevid("OTHER");
      X509Certificate other = service.enrolled("OTHER", "other");
      renewals_goOn_whateverIsAskedForWithOneThatWasTakenBack(service, other);
      firstRequests_goOn_whateverIsAskedForWithAUsedToken(service);
    }
  }

  /** Two a minute: its owner asks for no more. */
  private static void renewals_goOn_whateverIsAskedForWithOneThatWasTakenBack(
      RunningService service, X509Certificate stolen) {
    service.csr("other2", "/");
    service.unpack(service.enroll("simplereenroll", "other", "other2"), "other2");
    service.post("/certificates/" + RunningService.serialOf(stolen) + "/hold", new JsonObject());
    service.csr("thief", "/");
    List<Integer> thief = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      thief.add(service.enroll("simplereenroll", "other", "thief").status());
    }
    assertThat(thief).isSubsetOf(403, 429).contains(429);
    service.csr("other3", "/");
    RunningService.Http owner = service.enroll("simplereenroll", "other2", "other3");
    assertThat(owner.status()).as(owner.toString()).isEqualTo(200);
  }

  private static void firstRequests_goOn_whateverIsAskedForWithAUsedToken(RunningService service) {
    String token = service
        .post("/claims", new JsonObject().put("manufacturer", "acme").put("serial", "CLAIMED"))
        .body()
        .getJsonArray("claims")
        .getJsonObject(0)
        .getString("token");
    service.csr("claimed", "/");
    assertThat(service.claim(null, token, "claimed").status()).isEqualTo(200);
    service.csr("finder", "/");
    List<Integer> finder = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      finder.add(service.claim(null, token, "finder").status());
    }
    assertThat(finder).isSubsetOf(401, 429).contains(429);
    service.idevid("CLAIMED");
    service.csr("second", "/");
    assertThat(service.enroll("simpleenroll", "CLAIMED", "second").status())
        .as("a second key, which waits for an operator")
        .isEqualTo(202);
  }

  @Test
  void est_simpleenroll_manufacturerWhoseDevicesComeAtOnce_is429_andRenewalsGoOn() {
    try (RunningService service = service(new EstLimits(MANY, MANY, MANY, 2, MANY))) {
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
    RunningService.refused(answer, 429, reason);
    assertThat(Integer.parseInt(answer.header("Retry-After").orElseThrow())).isBetween(1, 60);
  }

  @Test
  void est_simplereenroll_whileNewDevicesOverflowTheirLane_isServed() throws Exception {
    AtomicReference<CountDownLatch> answers = new AtomicReference<>(new CountDownLatch(0));
    HttpServer hook = hook(answers);
    List<TlsClient> flood = new ArrayList<>();
    try (RunningService service = behind(hook)) {
      service.addManufacturer("acme", service.factory, "auto");
      service.idevid("CALM");
      String steering =
          service.est("renewal-info/" + RenewalInfoIT.id(service.enrolled("CALM", "calm")));
      CountDownLatch release = new CountDownLatch(1);
      answers.set(release);
      try {
        for (int i = 0; i < THREADS + WAITING; i++) {
          flood.add(newDevice(service, "FLOOD-" + i));
        }
        await()
            .atMost(Duration.ofMinutes(1))
            .untilAsserted(() -> assertThat(service
                    .meters
                    .get("muster.enrollment.queue")
                    .tag("lane", "enrollment")
                    .gauge()
                    .value())
                .isEqualTo(WAITING));
        String credential = "calm";
        for (int i = 0; i < 3; i++) {
          try (TlsClient late = newDevice(service, "LATE-" + i)) {
            assertThat(late.answer(false))
                .startsWith("HTTP/1.1 503")
                .containsPattern("\r\nRetry-After: [1-9]");
          }
          service.csr("calm" + i, "/");
          RunningService.Http answer = service.enroll("simplereenroll", credential, "calm" + i);
          assertThat(answer.status()).as(answer.toString()).isEqualTo(200);
          service.unpack(answer, "calm" + i);
          assertThat(service.curl(credential, steering).status()).isEqualTo(200);
          credential = "calm" + i;
        }
      } finally {
        release.countDown();
      }
      await().atMost(Duration.ofMinutes(1)).untilAsserted(() -> {
        try (TlsClient again = newDevice(service, "AGAIN")) {
          assertThat(again.answer(false)).startsWith("HTTP/1.1 200");
        }
      });
    } finally {
      for (TlsClient device : flood) {
        device.close();
      }
      hook.stop(0);
    }
  }

  /** An operator's program that lets everybody in, when it comes to it. */
  private static HttpServer hook(AtomicReference<CountDownLatch> answers) throws IOException {
    HttpServer hook =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    hook.createContext("/", exchange -> {
      try {
        answers.get().await();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
      exchange.getRequestBody().readAllBytes();
      byte[] allow = "{\"decision\":\"allow\"}".getBytes(StandardCharsets.UTF_8);
      exchange.sendResponseHeaders(200, allow.length);
      exchange.getResponseBody().write(allow);
      exchange.close();
    });
    hook.start();
    return hook;
  }

  private RunningService behind(HttpServer hook) {
    return new RunningService(folder, config -> {
      EstLimits limits = new EstLimits(MANY, MANY, MANY, MANY, WAITING);
      return new EnrollmentConfig(
          config.storage(),
          new EstConfig("127.0.0.1", 0, true, false, limits),
          config.admission(),
          config.issuance(),
          config.revocation(),
          config.rollOver(),
          new HookConfig(
              URI.create("http://localhost:" + hook.getAddress().getPort() + "/"),
              null,
              null,
              Duration.ofMinutes(10),
              MANY,
              false),
          null);
    });
  }

  /** One that has asked for its first certificate, on a connection of its own. */
  private static TlsClient newDevice(RunningService service, String serial)
      throws IOException, OperatorCreationException {
    TestPki.Credential idevid = service
        .factory
        .issue("CN=Widget,SERIALNUMBER=" + serial)
        .withoutUsages()
        .build();
    KeyPair keys = TestPki.newKey();
    String csr = Base64.getEncoder()
        .encodeToString(new JcaPKCS10CertificationRequestBuilder(new X500Name(""), keys.getPublic())
            .build(new JcaContentSignerBuilder("SHA256withECDSA").build(keys.getPrivate()))
            .getEncoded());
    TlsClient device = TlsClient.connect(service, idevid);
    device.send("POST /.well-known/est/simpleenroll HTTP/1.1\r\nHost: localhost\r\n"
        + "Content-Type: application/pkcs10\r\nContent-Length: " + csr.length() + "\r\n\r\n"
        + csr);
    return device;
  }
}
