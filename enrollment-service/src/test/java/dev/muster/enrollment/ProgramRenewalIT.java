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
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A consumer renews its own certificate over EST; curl asks, openssl judges. */
class ProgramRenewalIT {
  @TempDir
  static Path folder;

  private static RunningService service;

  @BeforeAll
  static void start() {
    service = new RunningService(folder);
  }

  @AfterAll
  static void stop() {
    service.close();
  }

  /** Leaves {@code <name>.key} and {@code <name>.pem}, issued by an operator. */
  private static X509Certificate consumer(String name) {
    service.csr(name, "/CN=" + name);
    PeerProgram.require("openssl")
        .run(folder, "req", "-inform", "DER", "-in", name + ".der", "-out", name + ".csr")
        .expectSuccess();
    RunningService.Answer answer = service.post(
        "/certificates",
        new JsonObject()
            .put("role", "consumer")
            .put("name", name)
            .put("csr", service.text(name + ".csr")));
    service.write(name + ".pem", answer.body().getString("certificate"));
    return Pem.certificates(service.text(name + ".pem")).get(0);
  }

  @Test
  void est_simplereenroll_consumer_hasTheSameNamesAndANewKey() {
    X509Certificate before = consumer("reader");
    assertThat(service
            .get("/audit?object=certificate:" + RunningService.serialOf(before))
            .body()
            .encode())
        .contains("certificate.issued", "OU=consumer,CN=reader");
    service.csr("reader2", "/");
    RunningService.Http answer = service.enroll("simplereenroll", "reader", "reader2");
    assertThat(answer.status()).as(answer.body()).isEqualTo(200);
    X509Certificate after = service.unpack(answer, "reader2");
    assertThat(after.getSubjectX500Principal().getEncoded())
        .isEqualTo(before.getSubjectX500Principal().getEncoded());
    assertThat(after.getPublicKey()).isNotEqualTo(before.getPublicKey());
    assertThat(after.getIssuerX500Principal()).isEqualTo(before.getIssuerX500Principal());
    service.write("service-ca.pem", Pem.of(List.of(service.authorities.serviceCa())));
    assertThat(PeerProgram.require("openssl")
            .run(
                folder,
                "verify",
                "-x509_strict",
                "-purpose",
                "sslclient",
                "-CAfile",
                "root.pem",
                "-untrusted",
                "service-ca.pem",
                "reader2.pem")
            .expectSuccess()
            .stdout())
        .contains("OK");
    JsonObject record =
        service.get("/certificates/" + RunningService.serialOf(after)).body();
    assertThat(record.getString("role")).isEqualTo("consumer");
    assertThat(record.getString("replaces")).isEqualTo(RunningService.serialOf(before));

    // Asked again, because the answer was lost; and with the new one, for the next.
    assertThat(service.unpack(service.enroll("simplereenroll", "reader", "reader2"), "again"))
        .isEqualTo(after);
    service.csr("reader3", "/");
    assertThat(service.enroll("simplereenroll", "reader2", "reader3").status()).isEqualTo(200);
  }

  /** As of a device: who revokes what he has on record has to hear that there is a newer one. */
  @Test
  void revoke_consumerThatHasRenewed_tellsWhatItCanStillComeWith() {
    String first = RunningService.serialOf(consumer("line"));
    String next = renewed("line", "line2");
    RunningService.Answer answer = service.post(
        "/certificates/" + first + "/revoke",
        new JsonObject().put("reason", "cessationOfOperation"));
    assertThat(answer.status()).isEqualTo(200);
    assertThat(answer.body().getJsonArray("stillLive")).containsExactly(next);
    answer = service.post(
        "/certificates/" + next + "/revoke",
        new JsonObject().put("reason", "cessationOfOperation"));
    assertThat(answer.body().getJsonArray("stillLive")).isEmpty();
  }

  @Test
  void est_simplereenroll_consumerThatRenewsTwice_losesTheFirst_andMayNot_onceTheSecondIsInUse() {
    String first = RunningService.serialOf(consumer("twice"));
    String lost = renewed("twice", "twice2");
    String next = renewed("twice", "twice3");
    assertThat(certificate(lost).getString("status")).isEqualTo("revoked");
    assertThat(certificate(lost).getString("reason")).isEqualTo("superseded");
    service.csr("twice4", "/");
    assertThat(service.enroll("simplereenroll", "twice2", "twice4").status()).isEqualTo(403);
    assertThat(alarms("twice"))
        .extracting(alarm -> alarm.getString("detail"))
        .containsExactly("a certificate that was superseded by one with another key");

    // Whoever asks for another name has the key, and gets nothing.
    service.csr("twice-proud", "/CN=proud");
    assertThat(service.enroll("simplereenroll", "twice3", "twice-proud").status())
        .isEqualTo(400);
    await().until(() -> certificate(next).getString("usedAt") != null);
    double alarms = service.count("muster.clone.alarms");
    RunningService.refused(
        service.enroll("simplereenroll", "twice", "twice4"),
        403,
        "client certificate: its successor is in use already");
    assertThat(service.count("muster.clone.alarms")).isEqualTo(alarms + 1);
    JsonObject alarm = alarms("twice").get(0);
    assertThat(alarm.getString("detail"))
        .isEqualTo("a certificate whose successor is in use already");
    assertThat(alarm.getString("subject")).isEqualTo("OU=consumer,CN=twice");
    assertThat(alarm.containsKey("device")).isFalse();
    String acknowledge = "/alarms/" + alarm.getString("id") + "/acknowledge";
    assertThat(service.post(acknowledge, new JsonObject()).status()).isEqualTo(200);
    assertThat(service
            .get("/audit?object=program:" + alarm.getString("subject"))
            .body()
            .encode())
        .contains("alarm.acknowledged");
    assertThat(alarms("twice")).hasSize(1);
    assertThat(service.enroll("simplereenroll", "twice", "twice3").status())
        .as("the same request again")
        .isEqualTo(200);
    assertThat(certificate(first).getString("status")).isEqualTo("active");

    renewed("twice3", "twice5");
    assertThat(certificate(first).getString("reason")).isEqualTo("superseded");
    assertThat(certificate(next).getString("status")).isEqualTo("active");
  }

  /** @return the serial number of the new one, by a new key */
  private static String renewed(String credential, String name) {
    service.csr(name, "/");
    return RunningService.serialOf(
        service.unpack(service.enroll("simplereenroll", credential, name), name));
  }

  /** Those about a program that nobody has looked at, the newest first. */
  private static List<JsonObject> alarms(String client) {
    return service.get("/alarms").body().getJsonArray("alarms").stream()
        .map(JsonObject.class::cast)
        .filter(alarm -> client.equals(alarm.getString("client")))
        .toList();
  }

  private static JsonObject certificate(String serial) {
    return service.get("/certificates/" + serial).body();
  }

  @Test
  void est_simplereenroll_consumerWithAnotherName_is400() {
    consumer("modest");
    service.csr("proud", "/CN=proud/OU=operator");
    RunningService.Http answer = service.enroll("simplereenroll", "modest", "proud");
    assertThat(answer.status()).isEqualTo(400);
    assertThat(answer.body()).contains("expected: empty, or that of the certificate");
  }

  @Test
  void est_simplereenroll_consumerKeepingItsKey_is400() {
    consumer("thrifty");
    service.csrWithKey("thrifty2", "thrifty.key", "/");
    RunningService.Http answer = service.enroll("simplereenroll", "thrifty", "thrifty2");
    assertThat(answer.status()).isEqualTo(400);
    assertThat(answer.body()).contains("a new key");
  }

  @Test
  void est_simplereenroll_consumerUnderALabel_is400() {
    consumer("labelled");
    service.csr("labelled2", "/");
    RunningService.Http answer = service.curl(
        "labelled",
        "-H",
        "Content-Type: application/pkcs10",
        "--data-binary",
        "@labelled2.b64",
        service.est("default/simplereenroll"));
    assertThat(answer.status()).isEqualTo(400);
  }

  @Test
  void est_simplereenroll_consumerRevokedOrOnHold_is403() {
    X509Certificate gone = consumer("gone");
    service.csr("gone2", "/");
    String path = "/certificates/" + RunningService.serialOf(gone);
    assertThat(service.post(path + "/hold", new JsonObject()).status()).isEqualTo(200);
    assertThat(service.enroll("simplereenroll", "gone", "gone2").status()).isEqualTo(403);
    assertThat(service.post(path + "/unhold", new JsonObject()).status()).isEqualTo(200);
    RunningService.Http renewed = service.enroll("simplereenroll", "gone", "gone2");
    String next = RunningService.serialOf(service.unpack(renewed, "gone2"));
    assertThat(service
            .post(path + "/revoke", new JsonObject().put("reason", "keyCompromise"))
            .status())
        .isEqualTo(200);
    service.csr("gone3", "/");
    assertThat(service.enroll("simplereenroll", "gone", "gone3").status()).isEqualTo(403);
    // Whoever has the key may have been the one who renewed.
    assertThat(service.get("/certificates/" + next).body().getString("status"))
        .isEqualTo("revoked");
    assertThat(service.enroll("simplereenroll", "gone2", "gone3").status()).isEqualTo(403);
  }

  @Test
  void est_simpleenroll_consumer_is403() {
    consumer("other");
    service.csr("other2", "/");
    assertThat(service.enroll("simpleenroll", "other", "other2").status()).isEqualTo(403);
  }
}
