/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment;

import static org.assertj.core.api.Assertions.assertThat;

import dev.muster.testing.TestPki;
import io.vertx.core.json.JsonObject;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Waiting for an operator, and renewing under one's own name, as curl and openssl see it. */
class EstOperationsIT {
  private static final String OWN = "/CN=acme-%s/O=default/OU=device";

  @TempDir
  static Path folder;

  static RunningService service;
  static final TestPki.Credential SLOW = TestPki.root("O=Slow,CN=Slow CA");

  @BeforeAll
  static void start() {
    service = new RunningService(folder);
    service.addManufacturer("acme", service.factory, "auto");
    service.addManufacturer("slow", SLOW, "manual");
    service.write("printable.cnf", "[req]\nstring_mask=default\ndistinguished_name=dn\n[dn]\n");
  }

  @AfterAll
  static void stop() {
    service.close();
  }

  private static void slowDevice(String serial) {
    TestPki.write(folder, serial, SLOW.issue("SERIALNUMBER=" + serial).build());
  }

  private static int waiting(String device) {
    return service.get("/devices/" + device).body().getJsonArray("pending").size();
  }

  @Test
  void est_simpleenroll_deferred_isFoundAgain_andAnotherRequestIsNot() {
    slowDevice("D-1");
    service.csr("d1", "/");
    RunningService.Http first = service.enroll("simpleenroll", "D-1", "d1");
    assertThat(first.status()).isEqualTo(202);
    assertThat(first.header("Retry-After").map(Integer::parseInt).orElseThrow()).isPositive();
    assertThat(first.header("Content-Length")).contains("0");
    assertThat(service.enroll("simpleenroll", "D-1", "d1").status()).isEqualTo(202);
    assertThat(waiting("slow-d-1")).isEqualTo(1);
    // Another signature over the same key is the same wish (RFC 7030, 3.5 has clients do that).
    service.csrWithKey("d1-again", "d1.key", "/CN=D-1");
    assertThat(service.enroll("simpleenroll", "D-1", "d1-again").status()).isEqualTo(202);
    assertThat(waiting("slow-d-1")).isEqualTo(1);
    assertThat(service.post("/devices/slow-d-1/approve", new JsonObject()).status())
        .isEqualTo(200);
    service.csr("d1-other", "/");
    assertThat(service.enroll("simpleenroll", "D-1", "d1-other").status()).isEqualTo(202);
    X509Certificate issued = service.unpack(service.enroll("simpleenroll", "D-1", "d1"), "d1-cert");
    assertThat(service.unpack(service.enroll("simpleenroll", "D-1", "d1"), "d1-cert2"))
        .isEqualTo(issued);
    assertThat(service.enroll("simpleenroll", "D-1", "d1-other").status()).isEqualTo(202);
  }

  @Test
  void est_simpleenroll_deferredAndRefused_is403() {
    slowDevice("D-2");
    service.csr("d2", "/");
    assertThat(service.enroll("simpleenroll", "D-2", "d2").status()).isEqualTo(202);
    service.post("/devices/slow-d-2/refuse", new JsonObject().put("reason", "not ours: déjà sold"));
    RunningService.Http refused = service.enroll("simpleenroll", "D-2", "d2");
    assertThat(refused.status()).isEqualTo(403);
    assertThat(refused.header("Content-Type").orElseThrow()).startsWith("text/plain");
    assertThat(refused.body()).contains("refused by an operator: not ours: déjà sold");
    service.csr("d2-other", "/");
    assertThat(service.enroll("simpleenroll", "D-2", "d2-other").body())
        .as("what was said of another key")
        .contains("refused by an operator")
        .doesNotContain("not ours");
    assertThat(service
            .get("/devices/slow-d-2/history")
            .body()
            .getJsonArray("events")
            .encode())
        .contains("not ours: déjà sold");
    JsonObject decided = service
        .get("/decisions?state=refused&limit=1")
        .body()
        .getJsonArray("decisions")
        .getJsonObject(0);
    assertThat(decided.getString("device")).isEqualTo("slow-d-2");
    assertThat(decided.getString("reason")).isEqualTo("not ours: déjà sold");
    assertThat(decided.getString("waitedFor")).contains("need an approval");
    // He has changed his mind.
    JsonObject key = new JsonObject().put("key", decided.getString("key"));
    assertThat(service.post("/devices/slow-d-2/approve", key).status()).isEqualTo(200);
    assertThat(service.enroll("simpleenroll", "D-2", "d2").status()).isEqualTo(200);
  }

  @Test
  void est_simplereenroll_ownNamesOrNone_areAccepted() {
    service.idevid("N-1");
    service.enrolled("N-1", "n1");
    String own = OWN.formatted("n-1");
    service.csr("n1-same", own);
    assertThat(service.enroll("simplereenroll", "n1", "n1-same").status()).isEqualTo(200);
    service.csr("n1-full", own, "-addext", "subjectAltName=URI:urn:muster:default:acme-n-1");
    assertThat(service.enroll("simplereenroll", "n1", "n1-full").status()).isEqualTo(200);
    service.csr("n1-none", "/");
    assertThat(service.enroll("simplereenroll", "n1", "n1-none").status()).isEqualTo(200);
  }

  @Test
  void est_simplereenroll_otherNames_areRefused() {
    service.idevid("N-2");
    service.enrolled("N-2", "n2");
    String own = OWN.formatted("n-2");
    service.csr("n2-cn", OWN.formatted("n-9"));
    service.csr("n2-order", "/OU=device/O=default/CN=acme-n-2");
    service.csr("n2-case", own.replace("default", "Default"));
    service.csr("n2-type", own, "-config", "printable.cnf");
    service.csr(
        "n2-san",
        own,
        "-addext",
        "subjectAltName=URI:urn:muster:default:acme-n-2,URI:urn:muster:default:acme-n-9");
    service.csr("n2-dns", own, "-addext", "subjectAltName=DNS:acme-n-2");
    for (String csr : new String[] {"n2-cn", "n2-order", "n2-case", "n2-type"}) {
      RunningService.Http answer = service.enroll("simplereenroll", "n2", csr);
      assertThat(answer.status()).as(csr).isEqualTo(400);
      assertThat(answer.body()).as(csr).startsWith("subject: ");
    }
    for (String csr : new String[] {"n2-san", "n2-dns"}) {
      RunningService.Http answer = service.enroll("simplereenroll", "n2", csr);
      assertThat(answer.status()).as(csr).isEqualTo(400);
      assertThat(answer.body()).as(csr).startsWith("subjectAltName: ");
    }
  }
}
