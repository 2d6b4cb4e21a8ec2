/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.muster.enrollment.est.EstConfig;
import dev.muster.enrollment.est.EstLimits;
import dev.muster.enrollment.hook.HookConfig;
import dev.muster.enrollment.registrar.AdmissionConfig;
import dev.muster.enrollment.registrar.ServerKeygen;
import dev.muster.testing.TestPki;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** How EST speaks HTTP (RFC 9110, RFC 9112, RFC 8951), byte by byte. */
class EstHttpIT {
  private static final String CACERTS = "/.well-known/est/cacerts";
  private static final String ENROLL =
      "POST /.well-known/est/simpleenroll HTTP/1.1\r\nHost: localhost\r\n";
  private static final String PKCS10 = "Content-Type: application/pkcs10\r\n";

  private static final int RANDOM_REQUESTS = 700;
  private static final int MANY = 1_000_000;

  @TempDir
  static Path folder;

  static RunningService service;
  static TestPki.Credential idevid;

  private static HttpServer hook;
  private static final ExecutorService hookThreads = Executors.newCachedThreadPool();
  /** A device of this serial number waits for the hook, which waits for the test. */
  private static final String PATIENT = "PATIENT-1";

  private static final CountDownLatch hookAsked = new CountDownLatch(1);
  private static final CountDownLatch hookMayAnswer = new CountDownLatch(1);

  @BeforeAll
  static void start() throws IOException {
    hook = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    hook.setExecutor(hookThreads);
    hook.createContext("/", EstHttpIT::letIn);
    hook.start();
    URI url = URI.create("http://localhost:" + hook.getAddress().getPort() + "/");
    HookConfig asked = new HookConfig(url, null, null, Duration.ofSeconds(60), 2, false);
    EstConfig est = EstConfig.on("127.0.0.1", 0);
    EstLimits limits = new EstLimits(4096, 1024, MANY, MANY, 1024);
    service = new RunningService(
        folder,
        config -> new EnrollmentConfig(
            config.storage(),
            new EstConfig(
                est.host(), est.port(), est.conscrypt(), est.requireChannelBinding(), limits),
            new AdmissionConfig(
                config.admission().defaultFleet(), false, List.of(), false, ServerKeygen.PLAIN),
            config.issuance(),
            config.revocation(),
            config.rollOver(),
            asked,
            null));
    service.addManufacturer("acme", service.factory, "auto");
    idevid = service.idevid("HTTP-1");
    service.csr("http", "/");
  }

  @AfterAll
  static void stop() {
    hookMayAnswer.countDown();
    service.assertNoDefects();
    service.close();
    hook.stop(0);
    hookThreads.shutdownNow();
  }

  private static void letIn(HttpExchange exchange) throws IOException {
    try (exchange) {
      byte[] question = exchange.getRequestBody().readAllBytes();
      if (new String(question, StandardCharsets.UTF_8).contains(PATIENT)) {
        hookAsked.countDown();
        hookMayAnswer.await(60, TimeUnit.SECONDS);
      }
      byte[] answer = "{\"decision\":\"allow\"}".getBytes(StandardCharsets.UTF_8);
      exchange.sendResponseHeaders(200, answer.length);
      exchange.getResponseBody().write(answer);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static String ask(String request) throws IOException {
    try (TlsClient client = TlsClient.connect(service, idevid)) {
      client.send(request);
      return client.answer(request.startsWith("HEAD"));
    }
  }

  @Test
  void est_headers_haveTheirCanonicalCase_andNoneTellsOfTheServer() throws IOException {
    String answer = ask("GET " + CACERTS + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assertThat(answer)
        .startsWith("HTTP/1.1 200 OK\r\n")
        .contains("Content-Type: application/pkcs7-mime", "Content-Length: ")
        .contains("Content-Transfer-Encoding: base64")
        .containsPattern("Date: \\w{3}, \\d\\d \\w{3} \\d{4} [\\d:]{8} GMT\r\n")
        .doesNotContain("Server:", "Vert", "content-");
  }

  @Test
  void est_cacerts_head_isGetWithoutItsBody() throws IOException {
    // Between the two a second may begin.
    String date = "Date: .*\r\n";
    String get =
        ask("GET " + CACERTS + " HTTP/1.1\r\nHost: localhost\r\n\r\n").replaceFirst(date, "");
    String head =
        ask("HEAD " + CACERTS + " HTTP/1.1\r\nHost: localhost\r\n\r\n").replaceFirst(date, "");
    assertThat(get).startsWith(head.substring(0, head.length() - 2)).hasSizeGreaterThan(500);
    assertThat(head).endsWith("\r\n\r\n");
  }

  @Test
  void est_http10_isServedAndTheConnectionClosed() throws IOException {
    try (TlsClient client = TlsClient.connect(service, null)) {
      client.send("GET " + CACERTS + " HTTP/1.0\r\n\r\n");
      assertThat(client.untilClosed()).startsWith("HTTP/1.").contains(" 200 OK\r\n");
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Content-Type: application/pkcs10",
        "content-type: APPLICATION/PKCS10; charset=us-ascii",
        "Content-Type: application/pkcs10\r\nContent-Transfer-Encoding: binary",
        "Content-Type: application/pkcs10\r\nContent-Transfer-Encoding: base64",
      })
  void est_simpleenroll_headersOfAllClients_areTaken(String headers) throws IOException {
    String csr = service.text("http.b64");
    assertThat(ask(ENROLL + headers + "\r\nContent-Length: " + csr.length() + "\r\n\r\n" + csr))
        .startsWith("HTTP/1.1 200");
  }

  @Test
  void est_simpleenroll_chunksAndWhiteSpace_areTaken() throws IOException {
    StringBuilder body = new StringBuilder();
    for (String piece : service.text("http.b64").split("(?<=\\G.{40})")) {
      String chunk = piece + " \t\r\n";
      body.append(Integer.toHexString(chunk.length()))
          .append("\r\n")
          .append(chunk)
          .append("\r\n");
    }
    assertThat(ask(ENROLL + PKCS10 + "Transfer-Encoding: chunked\r\n\r\n" + body + "0\r\n\r\n"))
        .startsWith("HTTP/1.1 200");
  }

  @Test
  void est_simpleenroll_expectation_isAnsweredBeforeTheBody() throws IOException {
    String csr = service.text("http.b64");
    try (TlsClient client = TlsClient.connect(service, idevid)) {
      client.send(
          ENROLL + PKCS10 + "Expect: 100-continue\r\nContent-Length: " + csr.length() + "\r\n\r\n");
      assertThat(client.answer(true)).startsWith("HTTP/1.1 100");
      client.send(csr);
      assertThat(client.answer(false)).startsWith("HTTP/1.1 200");
    }
  }

  @Test
  void est_simpleenroll_expectationOfTooMuch_isRefusedBeforeTheBody() throws IOException {
    assertThat(ask(ENROLL + PKCS10 + "Expect: 100-continue\r\nContent-Length: 20000\r\n\r\n"))
        .startsWith("HTTP/1.1 413")
        .contains("Connection: close");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "GET /.well-known/est/cacerts HTTP/1.1\\r\\nHost: a\\r\\nBad Header\\r\\n\\r\\n|400",
        "GARBAGE\\r\\n\\r\\n|400",
        "GET /.well-known/est/cacerts HTTP/1.1\\r\\n\\r\\n|400",
        "GET /.well-known/est/cacerts HTTP/1.1\\r\\nHost: a\\r\\nHost: b\\r\\n\\r\\n|400",
        "POST /.well-known/est/simpleenroll HTTP/1.1\\r\\nHost: a\\r\\nContent-Type: application/pkcs10\\r\\nContent-Length: -1\\r\\n\\r\\n|400",
        "POST /.well-known/est/simpleenroll HTTP/1.1\\r\\nHost: a\\r\\nContent-Type: application/pkcs10\\r\\nContent-Length: 1x\\r\\n\\r\\n|400",
        "POST /.well-known/est/simpleenroll HTTP/1.1\\r\\nHost: a\\r\\nContent-Type: application/pkcs10\\r\\nContent-Length: 5\\r\\nContent-Length: 6\\r\\n\\r\\nMIIBA|400",
        "POST /.well-known/est/simpleenroll HTTP/1.1\\r\\nHost: a\\r\\nContent-Type: application/pkcs10\\r\\nContent-Length: 99999999999\\r\\n\\r\\n|413",
        "POST /.well-known/est/simpleenroll HTTP/1.1\\r\\nHost: a\\r\\nContent-Type: application/pkcs10\\r\\n\\r\\n|411",
        "POST /.well-known/est/simpleenroll HTTP/1.1\\r\\nHost: a\\r\\nContent-Length: 4\\r\\n\\r\\nMIIB|415",
        "PUT /.well-known/est/simpleenroll HTTP/1.1\\r\\nHost: a\\r\\nContent-Length: 0\\r\\n\\r\\n|405",
        "OPTIONS * HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n|404",
        "GET /.well-known/est/%63acerts/.. HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n|404",
        "GET /.well-known/est//cacerts HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n|404",
        "GET /.well-known/est/%zz HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n|404",
      })
  void est_badRequest_isNever500(String request, int status) throws IOException {
    String answer = ask(request.replace("\\r\\n", "\r\n"));
    refused(answer, status);
  }

  @Test
  void est_longLinesAndHeaders_areRefused() throws IOException {
    refused(ask("GET /" + "a".repeat(3000) + " HTTP/1.1\r\nHost: a\r\n\r\n"), 414);
    refused(
        ask("GET " + CACERTS + " HTTP/1.1\r\nHost: a\r\nX: " + "a".repeat(9000) + "\r\n\r\n"), 431);
  }

  private static void refused(String answer, int status) {
    String[] parts = answer.split("\r\n\r\n", 2);
    assertThat(parts[0])
        .as(answer)
        .startsWith("HTTP/1.")
        .contains(" " + status + " ", "Content-Type: text/plain");
    assertThat(parts[1]).hasSizeBetween(1, 1023);
    assertThat(answer).doesNotContain("Exception", "\tat ", "netty", "vertx");
  }

  /**
   * Well-formed, so that the connection is kept; anything else about it is chance, by which a good
   * part gets as far as what is read of a CSR.
   */
  @Test
  void est_randomRequests_areAnswered_andNeverWith500() throws IOException {
    TestPki.Credential factoryIdentity = service.idevid("RANDOM-1");
    service.csr("random", "/");
    service.csr("ldevid", "/");
    service.idevid("RANDOM-2");
    X509Certificate ldevid =
        service.unpack(service.enroll("simpleenroll", "RANDOM-2", "ldevid"), "ldevid");
    TestPki.Credential ours = new TestPki.Credential(privateKey("ldevid"), ldevid, List.of());
    Random random = new Random(7030);
    int aboutTheCsr = 0;
    TlsClient client = TlsClient.connect(service, factoryIdentity);
    try {
      for (int i = 0; i < RANDOM_REQUESTS; i++) {
        String request = randomRequest(random);
        client.send(request);
        String answer = client.answer(request.startsWith("HEAD"));
        assertThat(answer).as(request).matches("(?s)HTTP/1\\.1 (2\\d\\d|4\\d\\d|501) .*");
        aboutTheCsr += request.startsWith("POST") && isAboutTheCsr(answer) ? 1 : 0;
        if (answer.contains("\r\nConnection: close\r\n") || random.nextInt(10) == 0) {
          client.close();
          client = TlsClient.connect(service, random.nextBoolean() ? factoryIdentity : ours);
        }
      }
    } finally {
      client.close();
    }
    assertThat(aboutTheCsr).isGreaterThanOrEqualTo(100);
    service.assertNoDefects();
  }

  private static PrivateKey privateKey(String name) {
    try {
      return service.privateKey(name);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  /** What is wrong with a body before it is one is told of the body. */
  private static boolean isAboutTheCsr(String answer) {
    return answer.startsWith("HTTP/1.1 20")
        || answer.startsWith("HTTP/1.1 400") && !answer.contains("\r\n\r\nbody: ");
  }

  private static String randomRequest(Random random) {
    String operation = mostly(
        List.of("simpleenroll", "simplereenroll", "serverkeygen", "default/simpleenroll"),
        List.of(
            "cacerts",
            "csrattrs",
            "fullcmc",
            "nowhere/cacerts",
            "renewal-info/AA.AA",
            "renewal-info/%ff",
            ""),
        random);
    String method = mostly(List.of("POST"), List.of("GET", "HEAD", "POST", "PUT", "PATCH"), random);
    String type = mostly(
        List.of("application/pkcs10"),
        List.of("application/pkcs10; x=\"", "application/pkcs7-mime", "*/*", ""),
        random);
    String credentials = mostly(
        List.of(""),
        List.of(
            "Authorization: \r\n",
            "Authorization: Basic\r\n",
            "Authorization: Basic \u00ff\r\n",
            "Authorization: Basic QTpC\r\n",
            "Authorization: Bearer x\r\n"),
        random);
    String body = randomBody(random);
    return method + " /.well-known/est/" + operation + " HTTP/1.1\r\nHost: localhost\r\n"
        + "Content-Type: " + type + "\r\n" + credentials + "Content-Length: " + body.length()
        + "\r\n\r\n" + body;
  }

  private static String mostly(List<String> likely, List<String> others, Random random) {
    return any(random.nextInt(8) == 0 ? others : likely, random);
  }

  /** A request with some octets changed, in base64 or as it is. */
  private static String randomBody(Random random) {
    byte[] der = service.read("random.der");
    for (int changes = random.nextInt(6); changes > 0; changes--) {
      der[random.nextInt(der.length)] = (byte) random.nextInt(256);
    }
    byte[] cut =
        Arrays.copyOf(der, random.nextInt(4) == 0 ? random.nextInt(der.length) : der.length);
    return new String(
        random.nextInt(4) == 0 ? cut : Base64.getEncoder().encode(cut),
        StandardCharsets.ISO_8859_1);
  }

  private static String any(List<String> some, Random random) {
    return some.get(random.nextInt(some.size()));
  }

  /** Who has said all waits for us, which may take longer than what is granted to the others. */
  @Test
  void est_slowClients_areSentOffInEveryPhase_andWhoWaitsForUsIsNot() throws Exception {
    ScheduledExecutorService drip = Executors.newScheduledThreadPool(2);
    service.csr("patient", "/");
    String csr = service.text("patient.b64");
    try (TlsClient patient = TlsClient.connect(service, service.idevid(PATIENT));
        Socket silent = new Socket("127.0.0.1", service.service().estPort());
        TlsClient idle = TlsClient.connect(service, null);
        TlsClient slowHead = TlsClient.connect(service, null);
        TlsClient slowBody = TlsClient.connect(service, idevid)) {
      patient.send(ENROLL + PKCS10 + "Content-Length: " + csr.length() + "\r\n\r\n" + csr);
      assertThat(hookAsked.await(60, TimeUnit.SECONDS)).isTrue();
      slowBody.send(ENROLL + PKCS10 + "Content-Length: 1000\r\n\r\n");
      for (TlsClient slow : List.of(slowHead, slowBody)) {
        drip.scheduleAtFixedRate(() -> drop(slow), 0, 500, TimeUnit.MILLISECONDS);
      }
      silent.setSoTimeout(60_000);
      CompletableFuture<String> body = CompletableFuture.supplyAsync(slowBody::untilClosed);
      CompletableFuture<String> head = CompletableFuture.supplyAsync(slowHead::untilClosed);
      assertThat(idle.untilClosed()).isEmpty();
      hookMayAnswer.countDown();
      assertThat(patient.answer(false)).startsWith("HTTP/1.1 200");
      refused(body.get(60, TimeUnit.SECONDS), 408);
      assertThat(head.get(60, TimeUnit.SECONDS)).isEmpty();
      assertThat(silent.getInputStream().read()).isEqualTo(-1);
    } finally {
      drip.shutdownNow();
    }
  }

  private static void drop(TlsClient client) {
    try {
      client.send("M");
    } catch (IOException e) {
      throw new IllegalStateException("closed", e);
    }
  }
}
