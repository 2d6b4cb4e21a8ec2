/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.muster.protocol.file.Pem;
import dev.muster.testing.PeerProgram;
import io.vertx.core.json.JsonObject;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.Socket;
import java.net.SocketException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;

/** CRLs and OCSP over plain HTTP, as openssl and curl see them. */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class PublicWebIT {
  private static final byte[] GARBAGE = {1, 2, 3};

  @TempDir
  static Path folder;

  static RunningService service;

  /** Who says nothing, who has begun a head, and who has announced a body; all from the start. */
  private static final List<Socket> SLOW = new ArrayList<>();

  @BeforeAll
  static void start() throws IOException {
    service = new RunningService(folder);
    service.addManufacturer("acme", service.factory, "auto");
    service.write("ca.pem", Pem.of(List.of(service.authorities.deviceCa())));
    service.write(
        "chain.pem", Pem.of(List.of(service.authorities.root(), service.authorities.deviceCa())));
    service.write("other.pem", Pem.of(List.of(service.authorities.serviceCa())));
    for (String begun : List.of(
        "",
        "GET /crl/device.crl HTTP/1.1\r\nHost: localhost\r\nX",
        "POST /ocsp/device HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/ocsp-request\r\n"
            + "Content-Length: 100\r\n\r\nM")) {
      Socket socket = new Socket("127.0.0.1", service.service().httpPort());
      socket.setSoTimeout(60_000);
      socket.getOutputStream().write(begun.getBytes(StandardCharsets.US_ASCII));
      SLOW.add(socket);
    }
  }

  @AfterAll
  static void stop() {
    service.close();
  }

  /** The last, so that it need not wait: they have had their time. */
  @Test
  @Order(Integer.MAX_VALUE)
  void web_slowClients_areSentOffInEveryPhase() throws IOException {
    assertThat(untilClosed(SLOW.get(0))).isEmpty();
    assertThat(untilClosed(SLOW.get(1))).isEmpty();
    assertThat(untilClosed(SLOW.get(2))).startsWith("HTTP/1.1 408 ").contains("body: ");
  }

  private static String untilClosed(Socket slow) throws IOException {
    ByteArrayOutputStream heard = new ByteArrayOutputStream();
    try (slow) {
      slow.getInputStream().transferTo(heard);
    } catch (SocketException e) {
      assertThat(e).as("reset, which is closed too").hasMessageContaining("reset");
    }
    return heard.toString(StandardCharsets.US_ASCII);
  }

  private static String base() {
    return "http://localhost:" + service.service().httpPort();
  }

  /** Enrolls, and leaves {@code <name>.pem}. */
  private static X509Certificate enrolled(String name) {
    service.idevid(name);
    return service.enrolled(name, name + "-1");
  }

  private static RunningService.Answer revoke(X509Certificate certificate, String reason) {
    return service.post(
        "/certificates/" + RunningService.serialOf(certificate) + "/revoke",
        new JsonObject().put("reason", reason));
  }

  private static PeerProgram.Result openssl(String... arguments) {
    return PeerProgram.require("openssl").run(folder, arguments);
  }

  private static String url(String name, String option) {
    return openssl("x509", "-in", name + ".pem", "-noout", option)
        .expectSuccess()
        .stdout()
        .strip();
  }

  private static PeerProgram.Result ocsp(String name, String... more) {
    // Which hash names the issuer must come before the issuer.
    List<String> arguments = new ArrayList<>(List.of("ocsp"));
    arguments.addAll(List.of(more));
    arguments.addAll(List.of("-issuer", "ca.pem", "-cert", name + ".pem"));
    arguments.addAll(List.of("-url", url(name, "-ocsp_uri"), "-CAfile", "chain.pem"));
    return openssl(arguments.toArray(String[]::new));
  }

  /** Writes {@code request.der}, as openssl would send it. */
  private static byte[] request(String name, String... more) {
    List<String> arguments = new ArrayList<>(List.of("ocsp"));
    arguments.addAll(List.of(more));
    arguments.addAll(List.of(
        "-issuer", "ca.pem", "-cert", name + ".pem", "-no_nonce", "-reqout", "request.der"));
    openssl(arguments.toArray(String[]::new)).expectSuccess();
    return service.read("request.der");
  }

  private static String get(byte[] request) {
    return base() + "/ocsp/device/"
        + URLEncoder.encode(Base64.getEncoder().encodeToString(request), StandardCharsets.US_ASCII);
  }

  @Test
  void cert_tellsWhereItsStatusAndItsIssuerAre_andTheyAreThere() {
    enrolled("where");
    assertThat(url("where-1", "-ocsp_uri")).isEqualTo(base() + "/ocsp/device");
    String text = openssl("x509", "-in", "where-1.pem", "-noout", "-text").stdout();
    assertThat(text)
        .contains("URI:" + base() + "/crl/device/1.crl")
        .contains("CA Issuers - URI:" + base() + "/ca/device.cer");
    RunningService.Http issuer = service.curl(null, base() + "/ca/device.cer");
    assertThat(issuer.header("Content-Type")).contains("application/pkix-cert");
    service.write("fetched.cer", service.read("body.txt"));
    openssl("x509", "-inform", "DER", "-in", "fetched.cer", "-out", "fetched.pem")
        .expectSuccess();
    assertThat(openssl("verify", "-CAfile", "root.pem", "-untrusted", "fetched.pem", "where-1.pem")
            .stdout())
        .contains("OK");
  }

  @Test
  void crl_ofTheShard_isWhatOpensslChecksAgainst() {
    X509Certificate certificate = enrolled("check");
    fetchShard();
    openssl(
            "crl",
            "-inform",
            "DER",
            "-in",
            "shard.crl",
            "-CAfile",
            "chain.pem",
            "-verify",
            "-noout")
        .expectSuccess();
    assertThat(verify("check-1").stdout()).contains("check-1.pem: OK");
    assertThat(revoke(certificate, "keyCompromise").status()).isEqualTo(200);
    fetchShard();
    PeerProgram.Result refused = verify("check-1");
    assertThat(refused.exitCode()).isNotZero();
    assertThat(refused.stdout() + refused.stderr()).contains("certificate revoked");
  }

  private static void fetchShard() {
    service.curl(null, base() + "/crl/device/1.crl");
    service.write("shard.crl", service.read("body.txt"));
    openssl("crl", "-inform", "DER", "-in", "shard.crl", "-out", "shard.pem").expectSuccess();
  }

  private static PeerProgram.Result verify(String name) {
    return openssl(
        "verify", "-crl_check", "-CRLfile", "shard.pem", "-CAfile", "chain.pem", name + ".pem");
  }

  @Test
  void crl_overHttp_hasItsTypeAndCachingHeaders_andIsNotSentTwice() {
    for (String path : List.of("/crl/device.crl", "/crl/device/1.crl", "/crl/service.crl")) {
      RunningService.Http first = service.curl(null, base() + path);
      assertThat(first.status()).isEqualTo(200);
      assertThat(first.header("Content-Type")).contains("application/pkix-crl");
      assertThat(first.header("Cache-Control").orElseThrow()).contains("max-age=60");
      assertThat(first.header("Date")).isPresent();
      String tag = first.header("ETag").orElseThrow();
      assertThat(
              service.curl(null, "-H", "If-None-Match: " + tag, base() + path).status())
          .isEqualTo(304);
      assertThat(service.curl(null, "-H", "If-None-Match: \"x\"", base() + path).status())
          .isEqualTo(200);
      // A date tells which CRL it is when the seconds in which CRLs were made are over.
      await()
          .atMost(Duration.ofMinutes(1))
          .untilAsserted(() -> assertThat(unmodified(base() + path).status()).isEqualTo(304));
      RunningService.Http head = service.curl(null, "--head", base() + path);
      assertThat(head.status()).isEqualTo(200);
      assertThat(head.header("Content-Length")).isEqualTo(first.header("Content-Length"));
    }
  }

  private static RunningService.Http unmodified(String url) {
    String modified = service.curl(null, url).header("Last-Modified").orElseThrow();
    return service.curl(null, "-H", "If-Modified-Since: " + modified, url);
  }

  @Test
  void web_whatIsNotThere_is404_andAnotherMethod405() {
    for (String path : List.of(
        "/",
        "/crl/nobody.crl",
        "/crl/device/99.crl",
        "/crl/device/01.crl",
        "/crl/../ca/device.cer%00",
        "/ca/root.key",
        "/ocsp/nobody",
        "/ocsp")) {
      assertThat(service.curl(null, "--path-as-is", base() + path).status())
          .as(path)
          .isEqualTo(404);
    }
    RunningService.Http put = service.curl(null, "-X", "PUT", base() + "/crl/device.crl");
    assertThat(put.status()).isEqualTo(405);
    assertThat(put.header("Allow")).contains("GET, HEAD");
    RunningService.Http get = service.curl(null, base() + "/ocsp/device");
    assertThat(get.status()).isEqualTo(405);
    assertThat(get.header("Allow")).contains("POST");
  }

  @Test
  void ocsp_goodRevokedHeldAndReleased_areToldToOpenssl_atOnce() {
    X509Certificate certificate = enrolled("status");
    PeerProgram.Result good = ocsp("status-1", "-sha256").expectSuccess();
    assertThat(good.stdout()).contains("status-1.pem: good");
    assertThat(good.stdout() + good.stderr()).contains("Response verify OK");
    String path = "/certificates/" + RunningService.serialOf(certificate);
    service.post(path + "/hold", new JsonObject());
    assertThat(ocsp("status-1").stdout()).contains("revoked").contains("certificateHold");
    service.post(path + "/unhold", new JsonObject());
    assertThat(ocsp("status-1").stdout()).contains("status-1.pem: good");
    // Without a nonce, so that a kept answer could be given.
    assertThat(ocsp("status-1", "-no_nonce").stdout()).contains("status-1.pem: good");
    long start = System.nanoTime();
    revoke(certificate, "affiliationChanged");
    Duration untilOut = Duration.ofNanos(System.nanoTime() - start);
    assertThat(ocsp("status-1", "-no_nonce").stdout())
        .contains("status-1.pem: revoked")
        .contains("affiliationChanged");
    System.out.println("revoked until answered: " + untilOut.toMillis() + " ms");
  }

  @Test
  void ocsp_serialNeverIssued_isUnknown_andAnotherIssuerUnauthorized() {
    assertThat(openssl(
                "ocsp",
                "-issuer",
                "ca.pem",
                "-serial",
                "4711",
                "-url",
                base() + "/ocsp/device",
                "-CAfile",
                "chain.pem")
            .expectSuccess()
            .stdout())
        .contains("4711: unknown");
    PeerProgram.Result other = openssl(
        "ocsp",
        "-issuer",
        "other.pem",
        "-serial",
        "4711",
        "-url",
        base() + "/ocsp/device",
        "-CAfile",
        "chain.pem");
    assertThat(other.stdout() + other.stderr()).contains("unauthorized (6)");
  }

  @Test
  void ocsp_byGet_isAsByPost_andCarriesCachingHeaders() {
    enrolled("get");
    byte[] request = request("get-1");
    RunningService.Http got = service.curl(null, get(request));
    byte[] answer = service.read("body.txt");
    assertThat(got.status()).isEqualTo(200);
    assertThat(got.header("Content-Type")).contains("application/ocsp-response");
    assertThat(got.header("Cache-Control").orElseThrow())
        .contains("max-age=60")
        .contains("public")
        .contains("no-transform")
        .contains("must-revalidate")
        .doesNotContain("no-cache");
    assertThat(got.header("Expires")).isPresent();
    // The status may have changed twice in that second.
    assertThat(unmodified(get(request)).status()).isEqualTo(200);
    String tag = got.header("ETag").orElseThrow();
    assertThat(tag).matches("\"[0-9a-f]{64}\"");
    assertThat(service.curl(null, "-H", "If-None-Match: " + tag, get(request)).status())
        .isEqualTo(304);
    // A slash and a plus may come as they are.
    String raw = base() + "/ocsp/device/" + Base64.getEncoder().encodeToString(request);
    service.curl(null, "--path-as-is", raw);
    assertThat(service.read("body.txt")).isEqualTo(answer);
    post("application/ocsp-request");
    assertThat(service.read("body.txt")).isEqualTo(answer);
    service.write("answer.der", answer);
    assertThat(openssl(
                "ocsp",
                "-respin",
                "answer.der",
                "-issuer",
                "ca.pem",
                "-cert",
                "get-1.pem",
                "-CAfile",
                "chain.pem")
            .stdout())
        .contains("get-1.pem: good");
  }

  private static RunningService.Http post(String type) {
    return service.curl(
        null,
        "-H",
        "Content-Type: " + type,
        "--data-binary",
        "@request.der",
        base() + "/ocsp/device");
  }

  @Test
  void ocsp_garbage_isAnsweredWithMalformedRequest_andHttp200() {
    service.write("request.der", GARBAGE);
    for (RunningService.Http answer : List.of(
        post("application/ocsp-request"),
        service.curl(null, base() + "/ocsp/device/AAAA"),
        service.curl(null, base() + "/ocsp/device/%25%25"))) {
      assertThat(answer.status()).isEqualTo(200);
      assertThat(answer.header("Content-Type")).contains("application/ocsp-response");
      assertThat(answer.header("Cache-Control")).contains("no-store");
      assertThat(service.read("body.txt")).containsExactly(0x30, 3, 0x0a, 1, 1);
    }
    assertThat(post("application/json").status()).isEqualTo(415);
    service.write("request.der", new byte[20_000]);
    assertThat(post("application/ocsp-request").status()).isEqualTo(413);
  }

  @Test
  void ocsp_nonce_comesBackAndIsNotKept() {
    enrolled("nonce");
    assertThat(ocsp("nonce-1", "-nonce").stderr()).doesNotContain("no nonce");
    openssl("ocsp", "-issuer", "ca.pem", "-cert", "nonce-1.pem", "-nonce", "-reqout", "request.der")
        .expectSuccess();
    RunningService.Http answer = post("application/ocsp-request");
    assertThat(answer.header("Cache-Control")).contains("no-store");
    assertThat(answer.header("ETag")).isEmpty();
  }
}
