/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment;

import static org.assertj.core.api.Assertions.assertThat;

import dev.muster.testing.PeerProgram;
import dev.muster.testing.TestPki;
import io.vertx.core.json.JsonObject;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whose devices come in: a CA's proof, what becomes of those that are disabled or removed. */
class ManufacturersIT {
  @TempDir
  static Path folder;

  private static RunningService service;

  @BeforeAll
  static void start() {
    service = new RunningService(folder);
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
    java.security.KeyPair keys = TestPki.newKey();
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
}
