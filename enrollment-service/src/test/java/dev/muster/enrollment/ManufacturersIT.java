/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.sun.net.httpserver.HttpServer;
import dev.muster.enrollment.issuance.Fingerprint;
import dev.muster.testing.MovableClock;
import dev.muster.testing.PeerProgram;
import dev.muster.testing.TestPki;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.math.BigInteger;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.security.KeyPair;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whose devices come in: a CA's proof, what becomes of those that are disabled or removed. */
class ManufacturersIT {
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  @TempDir
  static Path folder;

  private static final MovableClock clock = MovableClock.running();

  private static RunningService service;

  @BeforeAll
  static void start() {
    service = new RunningService(folder, clock, RunningService::withUpkeepEachSecond);
    service.csr("csr", "/");
  }

  @AfterAll
  static void stop() {
    service.close();
  }

  private static void refused(RunningService.Http answer, int status, String words) {
    assertThat(answer.status()).as(answer.toString()).isEqualTo(status);
    assertThat(answer.body()).contains(words);
  }

  private static RunningService.Http enroll(TestPki.Credential idevid, String name) {
    TestPki.write(folder, name, idevid);
    service.csr(name + "-csr", "/");
    return service.enroll("simpleenroll", name, name + "-csr");
  }

  @Test
  void unprovenCa_letsNobodyIn_untilItsOwnerCertifiesTheChallenge_withOpenssl() {
    PeerProgram openssl = PeerProgram.require("openssl");
    openssl
        .run(
            folder,
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
            "-keyout",
            "oca.key",
            "-out",
            "oca.pem",
            "-subj",
            "/O=Openssl/CN=Its CA",
            "-days",
            "30",
            "-addext",
            "keyUsage=critical,keyCertSign,cRLSign")
        .expectSuccess();
    signWithOpenssl("odev", "/serialNumber=O-1");
    service.write("odev-csr.b64", service.text("csr.b64"));
    RunningService.Answer registered = service.post(
        "/manufacturers",
        new JsonObject()
            .put("name", "openssl")
            .put("ca", service.text("oca.pem"))
            .put("admission", "auto"));
    assertThat(registered.status()).isEqualTo(201);
    JsonObject ca = registered.body().getJsonArray("cas").getJsonObject(0);
    assertThat(ca.getString("status")).isEqualTo("unproven");
    refused(service.enroll("simpleenroll", "odev", "csr"), 401, "not proven");
    signWithOpenssl("proof", "/CN=" + ca.getString("challenge"));
    RunningService.Answer proven = service.post(
        "/manufacturers/openssl/proof",
        new JsonObject().put("certificate", service.text("proof.pem")));
    assertThat(proven.status()).isEqualTo(200);
    assertThat(proven.body().getJsonArray("cas").getJsonObject(0).getString("status"))
        .isEqualTo("enabled");
    assertThat(service.enroll("simpleenroll", "odev", "csr").status()).isEqualTo(200);
  }

  private static void signWithOpenssl(String name, String subject) {
    PeerProgram openssl = PeerProgram.require("openssl");
    openssl
        .run(
            folder,
            "req",
            "-new",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
            "-keyout",
            name + ".key",
            "-out",
            name + ".req",
            "-subj",
            subject)
        .expectSuccess();
    openssl
        .run(
            folder,
            "x509",
            "-req",
            "-in",
            name + ".req",
            "-CA",
            "oca.pem",
            "-CAkey",
            "oca.key",
            "-CAcreateserial",
            "-out",
            name + ".pem",
            "-days",
            "9")
        .expectSuccess();
  }

  @Test
  void proofOfAnotherKeyOrChallenge_isRefused() {
    TestPki.Credential ca = TestPki.root("CN=Claimed");
    TestPki.Credential thief = TestPki.root("CN=Claimed");
    RunningService.Answer registered = service.registerManufacturer("claimed", ca, "auto");
    String challenge = RunningService.challengeOf(registered, ca).orElseThrow();
    RunningService.Answer wrongKey =
        service.proveManufacturer("claimed", thief.issue("CN=" + challenge).build());
    assertThat(wrongKey.status()).isEqualTo(400);
    assertThat(wrongKey.body().getString("detail")).contains("not signed with the key");
    RunningService.Answer wrongText =
        service.proveManufacturer("claimed", ca.issue("CN=proof-0").build());
    assertThat(wrongText.status()).isEqualTo(400);
    assertThat(wrongText.body().getString("detail")).contains("not over the challenge");
    // Asked again, it is the same challenge, so that whoever works on it is not thrown back.
    assertThat(RunningService.challengeOf(service.registerManufacturer("claimed", ca, "auto"), ca))
        .contains(challenge);
    refused(enroll(ca.issue("SERIALNUMBER=C-1").build(), "c1"), 401, "not proven");
    assertThat(service
            .proveManufacturer("claimed", ca.issue("CN=" + challenge).build())
            .status())
        .isEqualTo(200);
    assertThat(service
            .proveManufacturer("claimed", ca.issue("CN=" + challenge).build())
            .status())
        .isEqualTo(409);
  }

  @Test
  void renewedCertificateOfAProvenCa_needsNoSecondProof_aSecondKeyDoes() {
    KeyPair keys = TestPki.newKey();
    TestPki.Credential first = TestPki.selfSigned("CN=Twice").ca().key(keys).build();
    TestPki.Credential renewed = TestPki.selfSigned("CN=Twice").ca().key(keys).build();
    TestPki.Credential second = TestPki.root("CN=Twice");
    service.addManufacturer("twice", first, "auto");
    assertThat(statuses(service.registerManufacturer("twice", renewed, "auto")))
        .containsExactly("enabled", "enabled");
    assertThat(statuses(service.registerManufacturer("twice", second, "auto")))
        .containsExactly("enabled", "enabled", "unproven");
  }

  private static List<String> statuses(RunningService.Answer answer) {
    return answer.body().getJsonArray("cas").stream()
        .map(ca -> ((JsonObject) ca).getString("status"))
        .toList();
  }

  private static String audit(String manufacturer) {
    return service
        .get("/audit?limit=1000&object=manufacturer:" + manufacturer)
        .body()
        .encode();
  }

  private static RunningService.Answer post(String path, JsonObject body) {
    RunningService.Answer answer = service.post("/manufacturers/" + path, body);
    assertThat(answer.status()).as(answer.toString()).isEqualTo(200);
    return answer;
  }

  private static String acceptedNames() {
    return PeerProgram.require("openssl")
        .run(
            folder,
            new byte[0],
            Duration.ofSeconds(40),
            "s_client",
            "-connect",
            "localhost:" + service.service().estPort(),
            "-CAfile",
            "root.pem")
        .output();
  }

  @Test
  void namesInTheHandshake_areThoseOfProvenAndEnabledCas() {
    TestPki.Credential ca = TestPki.root("CN=Announced CA");
    service.registerManufacturer("announced", ca, "auto");
    assertThat(acceptedNames()).doesNotContain("Announced CA");
    service.addManufacturer("announced", ca, "auto");
    assertThat(acceptedNames()).contains("Announced CA");
    post("announced/disable", new JsonObject());
    assertThat(acceptedNames()).doesNotContain("Announced CA");
    post("announced/enable", new JsonObject());
    assertThat(acceptedNames()).contains("Announced CA");
  }

  @Test
  void disabledManufacturer_is403_itsDevicesAreListedForReview_andAllIsInTheAudit() {
    TestPki.Credential ca = TestPki.root("CN=Doubted");
    service.addManufacturer("doubted", ca, "auto");
    assertThat(enroll(ca.issue("SERIALNUMBER=D-1").build(), "d1").status()).isEqualTo(200);
    assertThat(review("doubted").size()).isZero();
    post("doubted/disable", new JsonObject().put("since", "2026-01-01T00:00:00Z"));
    refused(enroll(ca.issue("SERIALNUMBER=D-2").build(), "d2"), 403, "disabled by an operator");
    JsonObject doubtful = review("doubted").getJsonObject(0);
    assertThat(doubtful.getString("device")).isEqualTo("doubted-d-1");
    assertThat(doubtful.getJsonArray("doubts").getString(0)).contains("came in after");
    post("doubted/enable", new JsonObject());
    assertThat(enroll(ca.issue("SERIALNUMBER=D-2").build(), "d2").status()).isEqualTo(200);
    post("doubted/policy", new JsonObject().put("admission", "manual").put("renewalGrace", "P2D"));
    assertThat(audit("doubted"))
        .contains(
            "manufacturer.registered",
            "manufacturer-ca.registered",
            "manufacturer-ca.proven",
            "manufacturer.disabled",
            "manufacturer.enabled",
            "manufacturer.changed",
            "auto -> manual",
            "PT0S -> PT48H");
  }

  @Test
  void review_readInPages_hasEachCertificate_alsoBelowACaAboveThatIsDoubted() {
    TestPki.Credential root = TestPki.root("CN=Paged");
    TestPki.Credential below = root.issue("CN=Paged Below").ca().build();
    service.addManufacturer("paged", root, "auto");
    service.addManufacturer("paged", below, "auto");
    TestPki.write(folder, "P-1", below.issue("SERIALNUMBER=P-1").build());
    service.enrolled("P-1", "p1");
    service.csr("p2", "/");
    assertThat(service.enroll("simplereenroll", "p1", "p2").status()).isEqualTo(200);
    post(
        "paged/disable",
        new JsonObject().put("ca", Fingerprint.of(root.certificate()).hex()));
    List<String> serials = new ArrayList<>();
    String first = "/manufacturers/paged/review?limit=1";
    String page = first;
    while (page != null) {
      JsonObject answer = service.get(page).body();
      answer
          .getJsonArray("certificates")
          .forEach(one -> serials.add(((JsonObject) one).getString("serial")));
      String next = answer.getString("next");
      page = next == null ? null : first + "&after=" + next;
    }
    assertThat(serials).hasSize(2).doesNotHaveDuplicates();
  }

  @Test
  void crlUrl_longerThanIsKept_isRefused() {
    service.addManufacturer("far", TestPki.root("CN=Far"), "auto");
    String url = "http://crl.example.com/" + "x".repeat(500);
    RunningService.Answer answer =
        service.post("/manufacturers/far/crl", new JsonObject().put("url", url));
    assertThat(answer.status()).isEqualTo(400);
    assertThat(answer.body().encode()).contains("url: 523 characters");
  }

  @Test
  void idevid_whoseSerialNumberIsTooLong_isRefusedWithTheReason() {
    TestPki.Credential ca = TestPki.root("CN=Long");
    service.addManufacturer("long", ca, "auto");
    TestPki.Credential idevid =
        ca.issue("SERIALNUMBER=L-1").serial(BigInteger.TWO.pow(170)).build();
    refused(enroll(idevid, "l1"), 401, "its serial number has 43 hexadecimal digits");
  }

  private static JsonArray review(String name) {
    return service.get("/manufacturers/" + name + "/review").body().getJsonArray("certificates");
  }

  @Test
  void ca_withDevices_isNotRemoved_withoutItIs() {
    TestPki.Credential used = TestPki.root("CN=Used");
    TestPki.Credential unused = TestPki.root("CN=Unused");
    service.addManufacturer("sorted", used, "auto");
    service.addManufacturer("sorted", unused, "auto");
    assertThat(enroll(used.issue("SERIALNUMBER=U-1").build(), "u1").status()).isEqualTo(200);
    String path = "/manufacturers/sorted/cas/" + Fingerprint.of(used.certificate()) + "/remove";
    assertThat(service.post(path, new JsonObject()).status()).isEqualTo(409);
    RunningService.Answer left =
        post("sorted/cas/" + Fingerprint.of(unused.certificate()) + "/remove", new JsonObject());
    assertThat(statuses(left)).containsExactly("enabled");
    refused(enroll(unused.issue("SERIALNUMBER=U-2").build(), "u2"), 401, "nobody we know");
    assertThat(audit("sorted")).contains("manufacturer-ca.removed");
  }

  /** Makes a CRL that names one certificate. */
  private static void revokeWithOpenssl(
      TestPki.Credential ca, String revoked, Duration validity, String crl) {
    TestPki.write(folder, "rca", new TestPki.Credential(ca.key(), ca.certificate(), List.of()));
    service.write("index.txt", "");
    service.write("crlnumber", "01");
    service.write(
        "crl.cnf",
        "[ca]\ndefault_ca=x\n[x]\ndatabase=index.txt\ncrlnumber=crlnumber\ndefault_md=sha256\n");
    PeerProgram openssl = PeerProgram.require("openssl");
    openssl
        .run(
            folder,
            "ca",
            "-config",
            "crl.cnf",
            "-keyfile",
            "rca.key",
            "-cert",
            "rca.pem",
            "-revoke",
            revoked + ".pem",
            "-crl_reason",
            "keyCompromise")
        .expectSuccess();
    openssl
        .run(
            folder,
            "ca",
            "-config",
            "crl.cnf",
            "-keyfile",
            "rca.key",
            "-cert",
            "rca.pem",
            "-gencrl",
            "-crlsec",
            Long.toString(validity.toSeconds()),
            "-out",
            crl)
        .expectSuccess();
  }

  @Test
  void crlMadeWithOpenssl_handedIn_keepsOutTheRevokedDevice() {
    TestPki.Credential ca = TestPki.root("CN=Recalling");
    service.addManufacturer("recalling", ca, "auto");
    TestPki.Credential bad = ca.issue("SERIALNUMBER=R-1").build();
    TestPki.write(folder, "r1", bad);
    revokeWithOpenssl(ca, "r1", Duration.ofDays(7), "r.crl");
    assertThat(service
            .post(
                "/manufacturers/recalling/crl",
                new JsonObject().put("crl", TestPki.crl(service.factory, List.of())))
            .body()
            .getString("detail"))
        .contains("expected: of \"CN=Recalling\"");
    post("recalling/crl", new JsonObject().put("crl", service.text("r.crl")));
    service.csr("r1-csr", "/");
    refused(service.enroll("simpleenroll", "r1", "r1-csr"), 403, "revoked by its manufacturer");
    assertThat(enroll(ca.issue("SERIALNUMBER=R-2").build(), "r2").status()).isEqualTo(200);
    assertThat(audit("recalling")).contains("manufacturer-crl.stored");
  }

  @Test
  void crlMadeWithOpenssl_fetched_keepsOutTheRevokedDevice_andHealthTellsWhenItsServerIsGone()
      throws IOException {
    TestPki.Credential ca = TestPki.root("CN=Fetched");
    service.addManufacturer("fetched", ca, "auto");
    TestPki.write(folder, "f1", ca.issue("SERIALNUMBER=F-1").build());
    service.csr("f1-csr", "/");
    revokeWithOpenssl(ca, "f1", Duration.ofMinutes(30), "f.crl");
    PeerProgram.require("openssl")
        .run(folder, "crl", "-in", "f.crl", "-outform", "DER", "-out", "f.der")
        .expectSuccess();
    byte[] crl = service.read("f.der");
    HttpServer maker =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    maker.createContext("/f.crl", exchange -> {
      exchange.sendResponseHeaders(200, crl.length);
      exchange.getResponseBody().write(crl);
      exchange.close();
    });
    maker.start();
    String url = "http://127.0.0.1:" + maker.getAddress().getPort() + "/f.crl";
    try {
      post("fetched/crl", new JsonObject().put("url", url));
      await().atMost(PATIENCE).until(() -> audit("fetched").contains("manufacturer-crl.stored"));
      refused(service.enroll("simpleenroll", "f1", "f1-csr"), 403, "revoked by its manufacturer");
      assertThat(enroll(ca.issue("SERIALNUMBER=F-2").build(), "f2").status()).isEqualTo(200);
      assertThat(service.service().problem()).isEmpty();
    } finally {
      maker.stop(0);
    }
    clock.advance(Duration.ofMinutes(40));
    String problem = "manufacturer fetched: no CRL from " + url + ": ";
    await().atMost(PATIENCE).until(() -> service.service().problem().orElse("").contains(problem));
    refused(enroll(ca.issue("SERIALNUMBER=F-3").build(), "f3"), 403, "may be revoked");
    // An operator's order to do without it is the way out.
    post("fetched/policy", new JsonObject().put("crlMode", "open"));
    refused(service.enroll("simpleenroll", "f1", "f1-csr"), 403, "revoked by its manufacturer");
    assertThat(service.enroll("simpleenroll", "f3", "f3-csr").status()).isEqualTo(200);
  }

  @Test
  void terms_changedByTwo_theSecondIsTold() {
    service.addManufacturer("shared", TestPki.root("CN=Shared"), "auto");
    String path = "/manufacturers/shared";
    String seen = service.tag(path);
    JsonObject manual = new JsonObject().put("admission", "manual");
    assertThat(service.post(path + "/policy", manual, "If-Match", seen).status())
        .isEqualTo(200);
    JsonObject grace = new JsonObject().put("renewalGrace", "P7D");
    RunningService.Answer late = service.post(path + "/policy", grace, "If-Match", seen);
    assertThat(late.status()).isEqualTo(412);
    assertThat(late.body().getString("detail")).contains("changed meanwhile");
    assertThat(
            service.post(path + "/disable", new JsonObject(), "If-Match", seen).status())
        .isEqualTo(412);
    assertThat(service.get(path).body().getString("status")).isEqualTo("enabled");
    assertThat(service
            .post(path + "/policy", grace, "If-Match", "W/" + service.tag(path))
            .status())
        .isEqualTo(412);
    String either = seen + ", " + service.tag(path);
    assertThat(service.post(path + "/policy", grace, "If-Match", either).status())
        .isEqualTo(200);
    assertThat(service.post(path + "/policy", manual, "If-Match", "*").status()).isEqualTo(200);
    assertThat(service.post(path + "/policy", manual, "If-Match", "x").status()).isEqualTo(400);
  }

  /** As the signature of a root is of no interest, neither TLS nor we judge it (RFC 5280, 6.1). */
  @Test
  void idevid_withARootSignedBySha1SentAlong_comesIn() {
    TestPki.Credential ca =
        TestPki.selfSigned("CN=Old").ca().signed("SHA1withECDSA").build();
    service.addManufacturer("old", ca, "auto");
    TestPki.Credential idevid = ca.issue("SERIALNUMBER=1").build();
    TestPki.write(folder, "old1", idevid);
    service.write("old1.pem", TestPki.pem(List.of(idevid.certificate(), ca.certificate())));
    service.csr("old1-csr", "/");
    assertThat(service.enroll("simpleenroll", "old1", "old1-csr").status()).isEqualTo(200);
  }

  @Test
  void idevidsOfOddShapes_comeInByTheRuleOfTheirManufacturer() {
    TestPki.Credential ca = TestPki.root("CN=Shapes");
    service.addManufacturer("shapes", ca, "auto");
    post("shapes/policy", new JsonObject().put("identity", "san.uri=urn:example:sn:"));
    RunningService.Http answer =
        enroll(ca.issue("O=Shapes").uri("urn:example:sn:77").build(), "shape1");
    assertThat(answer.status()).isEqualTo(200);
    assertThat(service.unpack(answer, "shape1-ldevid").getSubjectX500Principal().getName())
        .contains("CN=shapes-77");
    refused(enroll(ca.issue("SERIALNUMBER=1").build(), "shape2"), 401, "0 URIs");
    assertThat(service
            .post("/manufacturers/shapes/policy", new JsonObject().put("identity", "subject.O"))
            .status())
        .isEqualTo(400);
  }
}
