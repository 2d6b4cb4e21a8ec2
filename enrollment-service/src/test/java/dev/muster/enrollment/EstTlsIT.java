/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment;

import static org.assertj.core.api.Assertions.assertThat;

import dev.muster.enrollment.authority.ServiceCredential;
import dev.muster.enrollment.est.EstConfig;
import dev.muster.enrollment.est.EstLimits;
import dev.muster.protocol.est.CsrAttributes;
import dev.muster.testing.PeerProgram;
import dev.muster.testing.TestPki;
import io.vertx.core.json.JsonObject;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * TLS of EST, with Conscrypt and with what the JDK has: but for channel bindings, they are alike.
 */
class EstTlsIT {
  @TempDir
  static Path folder;

  static Map<Boolean, RunningService> services;

  @BeforeAll
  static void start() {
    services = Map.of(true, service(true), false, service(false));
  }

  private static RunningService service(boolean conscrypt) {
    RunningService service = new RunningService(
        folder(conscrypt),
        config -> RunningService.with(
            config, new EstConfig("127.0.0.1", 0, conscrypt, false, EstLimits.DEFAULT)));
    service.addManufacturer("acme", service.factory, "auto");
    return service;
  }

  private static Path folder(boolean conscrypt) {
    Path own = folder.resolve(conscrypt ? "conscrypt" : "jdk");
    own.toFile().mkdirs();
    return own;
  }

  @AfterAll
  static void stop() {
    services.values().forEach(RunningService::close);
  }

  @ParameterizedTest
  @CsvSource({"true,1.2", "true,1.3", "false,1.2", "false,1.3"})
  void est_tls_enrollmentAndRenewal_workInBothVersions(boolean conscrypt, String version) {
    RunningService service = services.get(conscrypt);
    String serial = "FLOW-" + version;
    String name = "flow-" + version;
    service.idevid(serial);
    service.csr(name, "/");
    service.unpack(enroll(service, "simpleenroll", serial, name, version), name);
    service.csr(name + "-2", "/");
    assertThat(enroll(service, "simplereenroll", name, name + "-2", version).status())
        .isEqualTo(200);
  }

  private static RunningService.Http enroll(
      RunningService service, String operation, String credential, String csr, String version) {
    return service.curl(
        credential,
        "--tlsv" + version,
        "--tls-max",
        version,
        "-H",
        "Content-Type: application/pkcs10",
        "--data-binary",
        "@" + csr + ".b64",
        service.est(operation));
  }

  @Test
  void est_simpleenroll_linkedToAConnectionThatTellsNoBinding_isRefusedNotIgnored() {
    RunningService service = services.get(false);
    service.idevid("LINKED");
    service.write(
        "link.cnf",
        "[req]\nprompt=no\ndistinguished_name=dn\nattributes=at\n[dn]\nCN=LINKED\n[at]\n"
            + "challengePassword=AQIDBAUGBwgJCgsM\n");
    PeerProgram.require("openssl")
        .run(
            service.folder,
            "req",
            "-new",
            "-config",
            "link.cnf",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:prime256v1",
            "-nodes",
            "-keyout",
            "linked.key",
            "-outform",
            "DER",
            "-out",
            "linked.der")
        .expectSuccess();
    service.write("linked.b64", Base64.getEncoder().encodeToString(service.read("linked.der")));
    RunningService.Http answer = service.enroll("simpleenroll", "LINKED", "linked");
    assertThat(answer.status()).isEqualTo(400);
    assertThat(answer.body()).contains("challengePassword: cannot be checked");
    byte[] wishes =
        Base64.getDecoder().decode(service.curl(null, service.est("csrattrs")).body());
    assertThat(CsrAttributes.read(wishes).elements())
        .as("what is refused is not asked for")
        .isNotEmpty()
        .doesNotContain(new CsrAttributes.Element.Wish(CsrAttributes.EST_IDENTITY_LINKING));
  }

  @Test
  void est_simpleenroll_ed25519Key_isCertifiedWhereItCanRenew() {
    RunningService service = services.get(false);
    ed25519(service, "ed");
    RunningService.Http first = service.enroll("simpleenroll", "ED", "ed");
    assertThat(first.status()).isEqualTo(200);
    service.unpack(first, "ed");
    service.csr("ed-next", "/");
    assertThat(service.enroll("simplereenroll", "ed", "ed-next").status()).isEqualTo(200);
  }

  @Test
  void est_simpleenroll_ed25519Key_isRefusedWhereTlsWouldShutItOut() {
    RunningService service = services.get(true);
    ed25519(service, "ed");
    RunningService.Http refused = service.enroll("simpleenroll", "ED", "ed");
    assertThat(refused.status()).isEqualTo(400);
    assertThat(refused.body()).contains("publicKey: Ed25519");
    // That is why: a client with such a certificate is told that it need not show it.
    assertThat(handshake(service, "-tls1_2"))
        .containsPattern("Requested Signature Algorithms: .*ECDSA\\+SHA256")
        .doesNotContainIgnoringCase("ed25519");
  }

  private static void ed25519(RunningService service, String name) {
    service.idevid(name.toUpperCase(Locale.ROOT));
    PeerProgram.require("openssl")
        .run(service.folder, "genpkey", "-algorithm", "ED25519", "-out", name + ".key")
        .expectSuccess();
    service.csrWithKey(name, name + ".key", "/");
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void est_tls_oldVersionsAndWeakSuites_areRefused(boolean conscrypt) {
    RunningService service = services.get(conscrypt);
    // OpenSSL 3 would give them up by itself, without a level that allows SHA-1.
    for (String version : List.of("-tls1", "-tls1_1")) {
      assertThat(handshake(service, version, "-cipher", "DEFAULT:@SECLEVEL=0"))
          .contains("alert protocol version", "Cipher is (NONE)");
    }
    for (String[] weak : List.of(
        new String[] {"-tls1_2", "-cipher", "aNULL:eNULL:@SECLEVEL=0"},
        new String[] {"-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-SHA:@SECLEVEL=0"},
        new String[] {"-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-SHA256"},
        new String[] {"-tls1_2", "-cipher", "AES128-GCM-SHA256:DHE-RSA-AES128-GCM-SHA256"})) {
      assertThat(handshake(service, weak)).contains("Cipher is (NONE)");
    }
    for (String suite : List.of("AES128-GCM-SHA256", "AES256-GCM-SHA384", "CHACHA20-POLY1305")) {
      assertThat(handshake(service, "-tls1_2", "-cipher", "ECDHE-ECDSA-" + suite))
          .contains("Cipher is ECDHE-ECDSA-" + suite);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void est_tls_clientCertificate_isAskedForByTheNamesOfToday(boolean conscrypt) {
    RunningService service = services.get(conscrypt);
    assertThat(handshake(service, "-tls1_2")).contains("Acme Device Root", "Muster Device CA");
    service.addManufacturer("later", TestPki.root("CN=Later Root"), "auto");
    assertThat(handshake(service, "-tls1_2")).contains("CN = Later Root");
    assertThat(handshake(service, "-tls1_3")).contains("CN = Later Root");
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void est_tls_anyServerName_isServed(boolean conscrypt) {
    RunningService service = services.get(conscrypt);
    for (String[] name : List.of(
        new String[] {"-servername", "localhost"},
        new String[] {"-servername", "est.example.org"},
        new String[] {"-noservername"})) {
      assertThat(handshake(service, name)).contains("Verify return code: 0 (ok)");
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void est_tls_renegotiation_isRefused(boolean conscrypt) {
    try (OpensslConnection connection = new OpensslConnection(services.get(conscrypt), "-tls1_2")) {
      connection.await("(Verify return code: 0)");
      connection.send("R\n");
      assertThat(connection.untilClosed()).contains("RENEGOTIATING").containsIgnoringCase("alert");
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void serverCredential_replaced_isShownToNewConnections(boolean conscrypt) {
    RunningService service = services.get(conscrypt);
    try (OpensslConnection open = new OpensslConnection(service, "-tls1_3")) {
      open.await("(Verify return code: 0)");
      ServiceCredential fresh =
          service.authorities.issueServer(List.of("localhost"), Clock.systemUTC());
      service.service().useServerCredential(fresh);
      for (String version : List.of("-tls1_2", "-tls1_3")) {
        assertThat(handshake(service, version, "-showcerts"))
            .contains(TestPki.pem(List.of(fresh.certificate())).strip());
      }
      open.send("GET /.well-known/est/cacerts HTTP/1.1\r\nHost: localhost\r\n\r\n");
      open.await("(HTTP/1.1 200)");
    }
  }

  /** A resumed TLS session brings its certificate along, but not the rights it once had. */
  @ParameterizedTest
  @CsvSource({"true,1_2,true", "true,1_3,false", "false,1_2,true", "false,1_3,true"})
  void est_tls_resumedSession_isJudgedByTheRegistryOfToday(
      boolean conscrypt, String version, boolean resumes) {
    RunningService service = services.get(conscrypt);
    String device = "acme-res-" + version.replace('_', '-');
    String name = "res" + version;
    service.idevid("RES-" + version.replace('_', '-'));
    String serial =
        RunningService.serialOf(service.enrolled("RES-" + version.replace('_', '-'), name));
    session(service, version, name);
    assertThat(service.folder.resolve(name + ".session").toFile().exists())
        .as("a session to come back with")
        .isEqualTo(resumes);
    if (!resumes) {
      return;
    }
    service.csr(name, "/");
    assertThat(resumed(service, version, name, "simplereenroll")).isEqualTo(200);
    service.post("/certificates/" + serial + "/hold", new JsonObject());
    assertThat(resumed(service, version, name, "simplereenroll")).as("on hold").isEqualTo(403);
    service.post("/certificates/" + serial + "/unhold", new JsonObject());
    assertThat(resumed(service, version, name, "simplereenroll")).as("released").isEqualTo(200);
    service.post("/devices/" + device + "/transfer", new JsonObject().put("to", "north"));
    assertThat(resumed(service, version, name, "simplereenroll")).as("moved").isEqualTo(403);

    TestPki.Credential maker = TestPki.root("CN=Maker " + version);
    String manufacturer = "maker-" + version.replace('_', '-');
    service.addManufacturer(manufacturer, maker, "auto");
    TestPki.write(service.folder, "made", maker.issue("SERIALNUMBER=MADE").build());
    service.csr(name, "/");
    session(service, version, "made");
    service.write("made.b64", service.text(name + ".b64"));
    assertThat(resumed(service, version, "made", "simpleenroll")).isEqualTo(200);
    service.post("/manufacturers/" + manufacturer + "/disable", new JsonObject());
    assertThat(resumed(service, version, "made", "simpleenroll")).as("disabled").isEqualTo(403);
  }

  /** Shakes hands with a certificate, and keeps the session. */
  private static void session(RunningService service, String version, String name) {
    String cacerts =
        "GET /.well-known/est/cacerts HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    assertThat(talk(
            service,
            cacerts,
            "-tls" + version,
            "-cert",
            name + ".pem",
            "-key",
            name + ".key",
            "-sess_out",
            name + ".session"))
        .contains("New, TLSv", "HTTP/1.1 200");
  }

  /** Asks in that session, without the certificate or its key. @return the status */
  private static int resumed(
      RunningService service, String version, String name, String operation) {
    String body = service.text(name + ".b64");
    String heard = talk(
        service,
        "POST /.well-known/est/" + operation
            + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
            + "Content-Type: application/pkcs10\r\nContent-Length: " + body.length()
            + "\r\n\r\n" + body,
        "-tls" + version,
        "-sess_in",
        name + ".session",
        "-sess_out",
        name + ".session");
    assertThat(heard).contains("Reused, TLSv" + version.replace('_', '.'));
    Matcher status = Pattern.compile("HTTP/1.1 (\\d+)").matcher(heard);
    assertThat(status.find()).as(heard).isTrue();
    return Integer.parseInt(status.group(1));
  }

  private static String talk(RunningService service, String request, String... more) {
    List<String> arguments = new ArrayList<>(List.of("-ign_eof"));
    arguments.addAll(List.of(more));
    return client(service, request.getBytes(StandardCharsets.US_ASCII), arguments);
  }

  private static String handshake(RunningService service, String... more) {
    return client(service, new byte[0], List.of(more));
  }

  private static String client(RunningService service, byte[] input, List<String> more) {
    List<String> arguments = new ArrayList<>(List.of(
        "s_client", "-connect", "localhost:" + service.service().estPort(), "-CAfile", "root.pem"));
    arguments.addAll(more);
    return PeerProgram.require("openssl")
        .run(service.folder, input, Duration.ofSeconds(40), arguments.toArray(String[]::new))
        .output();
  }
}
