/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment;

import static org.assertj.core.api.Assertions.assertThat;

import dev.muster.enrollment.authority.Authority;
import dev.muster.protocol.file.Pem;
import dev.muster.testing.PeerProgram;
import dev.muster.testing.TestPki;
import io.vertx.core.json.JsonObject;
import java.io.ByteArrayInputStream;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509CRL;
import java.security.cert.X509Certificate;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** One CA follows the other while the service runs; openssl and curl are the judges. */
class RollOverIT {
  @TempDir
  Path folder;

  private RunningService service;

  @BeforeEach
  void start() {
    service = new RunningService(folder);
    service.addManufacturer("acme", service.factory, "auto");
  }

  @AfterEach
  void stop() {
    service.close();
  }

  private JsonObject rollOver(String id, JsonObject how) {
    RunningService.Answer answer = service.post("/authorities/" + id + "/roll-over", how);
    assertThat(answer.status()).as(answer.toString()).isEqualTo(200);
    return answer.body();
  }

  private static JsonObject atOnce() {
    return new JsonObject().put("now", true);
  }

  private static JsonObject emergency() {
    return new JsonObject().put("emergency", true).put("reason", "keyCompromise");
  }

  private X509Certificate renewed(String from, String name) {
    service.csr(name, "/");
    RunningService.Http answer = service.enroll("simplereenroll", from, name);
    assertThat(answer.status()).as(answer.body()).isEqualTo(200);
    return service.unpack(answer, name);
  }

  private String issuerOf(X509Certificate certificate) {
    return service.authorities.history().all().stream()
        .filter(authority -> authority
            .certificate()
            .getSubjectX500Principal()
            .equals(certificate.getIssuerX500Principal()))
        .map(Authority::id)
        .findFirst()
        .orElseThrow();
  }

  private List<X509Certificate> cacerts() {
    RunningService.Http answer = service.curl(null, service.est("cacerts"));
    assertThat(answer.status()).isEqualTo(200);
    service.write("cas.p7", Base64.getDecoder().decode(answer.body()));
    PeerProgram.require("openssl")
        .run(folder, "pkcs7", "-inform", "DER", "-in", "cas.p7", "-print_certs", "-out", "cas.pem")
        .expectSuccess();
    return Pem.certificates(service.text("cas.pem"));
  }

  private PeerProgram.Result verify(String anchor, String untrusted, String leaf) {
    return PeerProgram.require("openssl")
        .run(
            folder,
            "verify",
            "-x509_strict",
            "-no-CAfile",
            "-no-CApath",
            "-CAfile",
            anchor,
            "-untrusted",
            untrusted,
            leaf);
  }

  private void pem(String file, X509Certificate... certificates) {
    service.write(file, Pem.of(List.of(certificates)));
  }

  private Authority authority(String id) {
    return service.authorities.history().find(id).orElseThrow();
  }

  private Authority.Bridge bridge(String root) {
    Authority.Bridge bridge = authority(root).bridge();
    assertThat(bridge).isNotNull();
    return bridge;
  }

  @Test
  void deviceCa_rollsOver_andDevicesRenewFromTheOldToTheNew() {
    service.idevid("SN-1");
    assertThat(issuerOf(service.enrolled("SN-1", "old"))).isEqualTo("device");

    JsonObject prepared = rollOver("device", new JsonObject());
    assertThat(prepared.getString("id")).isEqualTo("device-2");
    assertThat(prepared.getString("state")).isEqualTo("prepared");
    assertThat(prepared.getString("activeFrom")).isNotNull();
    assertThat(cacerts()).contains(authority("device-2").certificate());
    assertThat(issuerOf(renewed("old", "still"))).as("known, not used").isEqualTo("device");
    assertThat(service.post("/authorities/device/roll-over", new JsonObject()).status())
        .as("one at a time")
        .isEqualTo(409);

    rollOver("device", atOnce());
    assertThat(authority("device").state()).isEqualTo(Authority.State.RETIRING);
    X509Certificate next = renewed("still", "next");
    assertThat(issuerOf(next)).isEqualTo("device-2");
    pem("device-2.pem", authority("device-2").certificate());
    verify("root.pem", "device-2.pem", "next.pem").expectSuccess();
    assertThat(service.text("next.pem")).isNotEmpty();
    assertThat(service.curl(null, service.crl("device")).status()).isEqualTo(200);
    assertThat(service.curl(null, service.crl("device-2")).status()).isEqualTo(200);

    service.post("/certificates/" + RunningService.serialOf(next) + "/revoke", new JsonObject());
    assertThat(crl("device-2").getRevokedCertificate(next.getSerialNumber())).isNotNull();
    assertThat(service.get("/devices/acme-sn-1").body().getString("status")).isEqualTo("active");

    RunningService.Answer which = service.post("/authorities/device/roll-over", emergency());
    assertThat(which.status())
        .as("the one that retires, or the one that issues")
        .isEqualTo(409);
    assertThat(which.body().encode()).contains("expected: device-1 or device-2");
    assertThat(rollOver("device-1", emergency()).getString("compromised")).isEqualTo("device");
    assertThat(authority("device").state()).isEqualTo(Authority.State.COMPROMISED);
    assertThat(authority("device-2").state()).isEqualTo(Authority.State.ACTIVE);
  }

  private X509CRL crl(String id) {
    service.curl(null, service.crl(id));
    try {
      return (X509CRL) CertificateFactory.getInstance("X.509")
          .generateCRL(new ByteArrayInputStream(service.read("body.txt")));
    } catch (GeneralSecurityException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void est_cacerts_duringRootRollOver_bridgesOldAndNew() {
    service.idevid("SN-1");
    service.enrolled("SN-1", "old");
    pem("old-device-ca.pem", service.authorities.deviceCa());
    rollOver("root", new JsonObject());
    assertThat(cacerts())
        .contains(
            authority("root").certificate(),
            authority("root-2").certificate(),
            bridge("root-2").newWithOld(),
            bridge("root-2").oldWithNew());
    rollOver("root", atOnce());
    rollOver("device", atOnce());
    X509Certificate next = renewed("old", "new");
    assertThat(issuerOf(next)).isEqualTo("device-2");

    pem("old-root.pem", authority("root").certificate());
    pem("new-root.pem", authority("root-2").certificate());
    pem("new-device-ca.pem", authority("device-2").certificate());
    assertThat(verify("new-root.pem", "old-device-ca.pem", "old.pem").exitCode())
        .isNotZero();
    assertThat(verify("old-root.pem", "new-device-ca.pem", "new.pem").exitCode())
        .isNotZero();
    pem(
        "old-with-new.pem",
        service.authorities.history().find("device").orElseThrow().certificate(),
        bridge("root-2").oldWithNew());
    pem(
        "new-with-old.pem",
        authority("device-2").certificate(),
        bridge("root-2").newWithOld());
    verify("new-root.pem", "old-with-new.pem", "old.pem").expectSuccess();
    verify("old-root.pem", "new-with-old.pem", "new.pem").expectSuccess();
  }

  @Test
  void cert_bridges_haveTheKeyIdentifiersOfTheirRoots() {
    rollOver("root", new JsonObject());
    Authority.Bridge bridge = bridge("root-2");
    assertThat(ski(bridge.newWithOld())).isEqualTo(ski(authority("root-2").certificate()));
    assertThat(ski(bridge.oldWithNew())).isEqualTo(ski(authority("root").certificate()));
    assertThat(aki(bridge.newWithOld())).isEqualTo(ski(authority("root").certificate()));
    assertThat(aki(bridge.oldWithNew())).isEqualTo(ski(authority("root-2").certificate()));
  }

  private String ski(X509Certificate certificate) {
    return extension(certificate, "subjectKeyIdentifier");
  }

  private String aki(X509Certificate certificate) {
    return extension(certificate, "authorityKeyIdentifier");
  }

  private String extension(X509Certificate certificate, String name) {
    pem("one.pem", certificate);
    String text = PeerProgram.require("openssl")
        .run(folder, "x509", "-in", "one.pem", "-noout", "-ext", name)
        .expectSuccess()
        .stdout();
    return text.lines().reduce((first, second) -> second).orElseThrow().strip();
  }

  @Test
  void emergency_devicesComeBackWithTheirIdevid_andThoseWhoWereCutOffDoNot() {
    TestPki.Credential maker = TestPki.root("O=Byhand,CN=Byhand CA");
    service.addManufacturer("byhand", maker, "manual");
    TestPki.write(folder, "M-1", maker.issue("SERIALNUMBER=M-1").build());
    service.csr("manual", "/");
    service.enroll("simpleenroll", "M-1", "manual");
    service.post("/devices/byhand-m-1/approve", new JsonObject());
    service.unpack(service.enroll("simpleenroll", "M-1", "manual"), "manual");
    service.idevid("SN-1");
    service.idevid("SN-2");
    X509Certificate lost = service.enrolled("SN-1", "lost");
    X509Certificate held = service.enrolled("SN-2", "held");
    service.post("/certificates/" + RunningService.serialOf(held) + "/hold", new JsonObject());

    JsonObject answer = rollOver("device", emergency());
    assertThat(answer.getString("compromised")).isEqualTo("device");
    assertThat(answer.getString("id")).isEqualTo("device-2");
    assertThat(service.get("/audit?object=ca:device").body().encode())
        .contains("\\\"reason\\\":\\\"keyCompromise\\\"");
    assertThat(
            crl("root").getRevokedCertificate(authority("device").certificate().getSerialNumber()))
        .isNotNull();
    assertThat(service.curl(null, service.crl("device")).status()).isEqualTo(404);
    assertThat(cacerts()).doesNotContain(authority("device").certificate());
    RunningService.Answer again = service.post("/authorities/device/roll-over", emergency());
    assertThat(again.status()).as("who did not hear the answer").isEqualTo(409);
    assertThat(again.body().encode()).contains("expected: device-2");
    assertThat(authority("device-2").state()).isEqualTo(Authority.State.ACTIVE);
    JsonObject record =
        service.get("/certificates/" + RunningService.serialOf(lost)).body();
    assertThat(record.getString("status")).isEqualTo("revoked");
    assertThat(record.getString("reason")).isEqualTo("cACompromise");

    service.csr("again", "/");
    RunningService.Http renewal = service.enroll("simplereenroll", "lost", "again");
    assertThat(renewal.status()).isEqualTo(401);
    assertThat(renewal.body()).contains("of a CA that is compromised", "IDevID");
    assertThat(issuerOf(service.unpack(service.enroll("simpleenroll", "SN-1", "again"), "again")))
        .isEqualTo("device-2");
    service.csr("manual2", "/");
    assertThat(service.enroll("simpleenroll", "M-1", "manual2").status())
        .as("let in before, so let in again")
        .isEqualTo(200);
    service.csr("held2", "/");
    assertThat(service.enroll("simpleenroll", "SN-2", "held2").status())
        .as("on hold, and so it stays")
        .isEqualTo(202);
  }

  @Test
  void emergency_ofARootOrWithoutReason_isRefused() {
    assertThat(service.post("/authorities/root/roll-over", emergency()).body().toString())
        .contains("docs/roll-over.md");
    assertThat(service
            .post("/authorities/device/roll-over", new JsonObject().put("emergency", true))
            .status())
        .isEqualTo(400);
    assertThat(service.post("/authorities/nothing/roll-over", atOnce()).status())
        .isEqualTo(404);
    String serial = authority("device").certificate().getSerialNumber().toString(16);
    assertThat(service
            .post("/certificates/" + serial + "/revoke", new JsonObject())
            .status())
        .as("a CA is not revoked by hand")
        .isEqualTo(409);
  }
}
