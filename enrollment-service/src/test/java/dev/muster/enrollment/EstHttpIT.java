/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment;

import static org.assertj.core.api.Assertions.assertThat;

import dev.muster.testing.TestPki;
import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
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

  private static final int RANDOM_REQUESTS = 500;

  @TempDir
  static Path folder;

  static RunningService service;
  static TestPki.Credential idevid;

  @BeforeAll
  static void start() {
    service = new RunningService(folder);
    service.addManufacturer("acme", service.factory, "auto");
    idevid = service.idevid("HTTP-1");
    service.csr("http", "/");
  }

  @AfterAll
  static void stop() {
    service.assertNoDefects();
    service.close();
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

  /** Well-formed, so that the connection is kept; anything else about it is chance. */
  @Test
  void est_randomRequests_areAnswered_andNeverWith500() throws IOException {
    Random random = new Random(7030);
    TlsClient client = TlsClient.connect(service, idevid);
    try {
      for (int i = 0; i < RANDOM_REQUESTS; i++) {
        String request = randomRequest(random);
        client.send(request);
        String answer = client.answer(request.startsWith("HEAD"));
        assertThat(answer).as(request).matches("(?s)HTTP/1\\.1 (2\\d\\d|4\\d\\d|501) .*");
        if (answer.contains("\r\nConnection: close\r\n")) {
          client.close();
          client = TlsClient.connect(service, idevid);
        }
      }
    } finally {
      client.close();
    }
    service.assertNoDefects();
  }

  private static String randomRequest(Random random) {
    List<String> operations = List.of(
        "cacerts",
        "csrattrs",
        "simpleenroll",
        "simplereenroll",
        "serverkeygen",
        "fullcmc",
        "default/simpleenroll",
        "nowhere/cacerts",
        "renewal-info/AA.AA",
        "renewal-info/%ff",
        "");
    List<String> methods = List.of("GET", "HEAD", "POST", "POST", "POST", "PUT", "PATCH");
    List<String> types = List.of(
        "application/pkcs10", "application/pkcs10; x=\"", "application/pkcs7-mime", "*/*", "");
    List<String> credentials = List.of("", "Basic", "Basic \u00ff", "Basic QTpC", "Bearer x");
    String body = randomBody(random);
    return any(methods, random) + " /.well-known/est/" + any(operations, random)
        + " HTTP/1.1\r\nHost: localhost\r\nContent-Type: " + any(types, random)
        + "\r\nAuthorization: " + any(credentials, random)
        + "\r\nContent-Length: " + body.length() + "\r\n\r\n" + body;
  }

  /** A request with some octets changed, in base64 or as it is. */
  private static String randomBody(Random random) {
    byte[] der = service.read("http.der");
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

  @Test
  void est_slowClients_areSentOffInEveryPhase() throws Exception {
    ScheduledExecutorService drip = Executors.newScheduledThreadPool(2);
    try (Socket silent = new Socket("127.0.0.1", service.service().estPort());
        TlsClient idle = TlsClient.connect(service, null);
        TlsClient slowHead = TlsClient.connect(service, null);
        TlsClient slowBody = TlsClient.connect(service, idevid)) {
      slowBody.send(ENROLL + PKCS10 + "Content-Length: 1000\r\n\r\n");
      for (TlsClient slow : List.of(slowHead, slowBody)) {
        drip.scheduleAtFixedRate(() -> drop(slow), 0, 500, TimeUnit.MILLISECONDS);
      }
      silent.setSoTimeout(60_000);
      CompletableFuture<String> body = CompletableFuture.supplyAsync(slowBody::untilClosed);
      CompletableFuture<String> head = CompletableFuture.supplyAsync(slowHead::untilClosed);
      assertThat(idle.untilClosed()).isEmpty();
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
