/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment;

import static org.assertj.core.api.Assertions.assertThat;

import dev.muster.testing.PeerProgram;
import dev.muster.testing.TestPki;
import io.vertx.core.json.JsonObject;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Admission, clones, revocation, and what an operator does about them. */
class LifecycleIT {
  @TempDir
  static Path folder;

  static RunningService service;

  @BeforeAll
  static void start() {
    service = new RunningService(folder);
    service.addManufacturer("acme", service.factory, "auto");
  }

  @AfterAll
  static void stop() {
    service.close();
  }

  @Test
  void secondKeyForALiveDevice_waitsAndRaisesAlarm_firstUntouched() {
    service.idevid("CLONE");
    X509Certificate first = service.enrolled("CLONE", "clone1");
    double alarms = service.count("muster.clone.alarms");
    service.csr("clone2", "/");
    RunningService.Http waits = service.enroll("simpleenroll", "CLONE", "clone2");
    assertThat(waits.status()).isEqualTo(202);
    assertThat(Integer.parseInt(waits.header("Retry-After").orElseThrow())).isPositive();
    assertThat(service.enroll("simpleenroll", "CLONE", "clone2").status()).isEqualTo(202);
    assertThat(service.count("muster.clone.alarms")).isEqualTo(alarms + 1);
    JsonObject device = service.get("/devices/acme-clone").body();
    assertThat(device.getString("status")).isEqualTo("active");
    assertThat(device.getString("certificateSerial")).isEqualTo(RunningService.serialOf(first));
    assertThat(device.getJsonArray("pending")).hasSize(1);
    service.csr("clone1b", "/");
    assertThat(service.enroll("simplereenroll", "clone1", "clone1b").status()).isEqualTo(200);

    assertThat(service.post("/devices/acme-clone/refuse", new JsonObject()).status())
        .isEqualTo(200);
    assertThat(service.enroll("simpleenroll", "CLONE", "clone2").status()).isEqualTo(403);
    assertThat(service.get("/devices/acme-clone").body().getString("status")).isEqualTo("active");

    assertThat(service.post("/devices/acme-clone/release", new JsonObject()).status())
        .isEqualTo(200);
    X509Certificate renewed =
        service.unpack(service.enroll("simpleenroll", "CLONE", "clone2"), "clone2");
    assertThat(service
            .get("/certificates/" + RunningService.serialOf(first))
            .body()
            .getString("reason"))
        .isEqualTo("superseded");
    assertThat(service
            .get("/certificates/" + RunningService.serialOf(renewed))
            .body()
            .getString("status"))
        .isEqualTo("active");
    service.csr("clone1c", "/");
    assertThat(service.enroll("simplereenroll", "clone1", "clone1c").status()).isEqualTo(403);
  }

  @Test
  void manualAdmission_waitsForApproval() {
    TestPki.Credential maker = TestPki.root("O=Byhand,CN=Byhand CA");
    assertThat(service.addManufacturer("byhand", maker, "manual").status()).isEqualTo(201);
    TestPki.write(folder, "M-1", maker.issue("SERIALNUMBER=M-1").build());
    service.csr("m1", "/");
    assertThat(service.enroll("simpleenroll", "M-1", "m1").status()).isEqualTo(202);
    assertThat(service.get("/devices/byhand-m-1").body().getString("status")).isEqualTo("pending");
    assertThat(service.post("/devices/byhand-m-1/approve", new JsonObject()).status())
        .isEqualTo(200);
    service.unpack(service.enroll("simpleenroll", "M-1", "m1"), "m1");
    assertThat(service.get("/devices/byhand-m-1").body().getString("status")).isEqualTo("active");
    assertThat(service.post("/devices/byhand-m-1/approve", new JsonObject()).status())
        .isEqualTo(409);
  }

  @Test
  void registeredAdmission_lets_onlyAnnouncedIn() {
    TestPki.Credential maker = TestPki.root("O=Listed,CN=Listed CA");
    service.addManufacturer("listed", maker, "registered");
    TestPki.write(folder, "L-1", maker.issue("SERIALNUMBER=L-1").build());
    service.csr("l1", "/");
    RunningService.Http refused = service.enroll("simpleenroll", "L-1", "l1");
    assertThat(refused.status()).isEqualTo(403);
    assertThat(refused.body()).contains("was not announced");
    String csv = "serial,fleet,device,tags\nL-1,north,pump-7,\"site=a,spare\"\nL-2,BAD!,,\nL-3\n";
    RunningService.Answer imported = service.postCsv("/manufacturers/listed/manifest", csv);
    assertThat(imported.status()).isEqualTo(200);
    assertThat(imported.body().getInteger("added")).isEqualTo(2);
    assertThat(imported.body().getJsonArray("errors").getJsonObject(0).getInteger("row"))
        .isEqualTo(3);
    assertThat(
            service.postCsv("/manufacturers/listed/manifest", csv).body().getInteger("unchanged"))
        .isEqualTo(2);
    assertThat(service.enroll("default/simpleenroll", "L-1", "l1").status()).isEqualTo(403);
    X509Certificate issued =
        service.unpack(service.enroll("north/simpleenroll", "L-1", "l1"), "l1");
    assertThat(issued.getSubjectX500Principal().getName()).isEqualTo("OU=device,O=north,CN=pump-7");
  }

  @Test
  void idThatBelongsToAnotherDevice_isRefused() {
    service.idevid("case-1");
    service.enrolled("case-1", "case1");
    service.idevid("CASE-1");
    service.csr("case2", "/");
    RunningService.Http refused = service.enroll("simpleenroll", "CASE-1", "case2");
    assertThat(refused.status()).isEqualTo(403);
    assertThat(refused.body()).contains("belongs to another device");
  }

  @Test
  void concurrentEnrollments_ofOneDevice_giveOneCertificate() throws Exception {
    service.idevid("RACE");
    List<Callable<RunningService.Http>> racers = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      service.csr("race" + i, "/");
      Path home = Files.createDirectory(folder.resolve("race-" + i));
      for (String file : List.of("root.pem", "RACE.pem", "RACE.key", "race" + i + ".b64")) {
        Files.copy(folder.resolve(file), home.resolve(file));
      }
      String csr = "race" + i;
      racers.add(() -> {
        PeerProgram.Result result = PeerProgram.require("curl")
            .run(
                home,
                "-sS",
                "--cacert",
                "root.pem",
                "--cert",
                "RACE.pem",
                "--key",
                "RACE.key",
                "-H",
                "Content-Type: application/pkcs10",
                "--data-binary",
                "@" + csr + ".b64",
                "-o",
                "out",
                "-w",
                "%{http_code}",
                service.est("simpleenroll"));
        return new RunningService.Http(Integer.parseInt(result.stdout()), "", "");
      });
    }
    ExecutorService pool = Executors.newFixedThreadPool(6);
    Set<Integer> statuses = ConcurrentHashMap.newKeySet();
    for (var answer : pool.invokeAll(racers)) {
      statuses.add(answer.get().status());
    }
    pool.shutdown();
    assertThat(statuses).containsExactlyInAnyOrder(200, 202);
    assertThat(service.get("/certificates?device=acme-race").body().getJsonArray("certificates"))
        .hasSize(1);
  }

  @Test
  void revoke_isOnTheCrlAtOnce_andEndsRenewal() {
    service.idevid("REV");
    service.enrolled("REV", "rev1");
    service.csr("rev2", "/");
    X509Certificate newest =
        service.unpack(service.enroll("simplereenroll", "rev1", "rev2"), "rev2");
    String serial = RunningService.serialOf(newest);
    RunningService.Answer answer = service.post(
        "/certificates/" + serial + "/revoke", new JsonObject().put("reason", "keyCompromise"));
    assertThat(answer.status()).isEqualTo(200);
    assertThat(answer.body().getString("status")).isEqualTo("revoked");
    // The certificate it was renewed from goes with it.
    assertThat(answer.body().getJsonArray("also")).hasSize(1);
    assertThat(answer.body().getJsonArray("stillLive")).isEmpty();
    String crl = crlText();
    assertThat(crl.toLowerCase(Locale.ROOT)).contains("serial number: " + serial);
    assertThat(crl).contains("Key Compromise");
    service.csr("rev3", "/");
    assertThat(service.enroll("simplereenroll", "rev2", "rev3").status()).isEqualTo(403);
    assertThat(service.enroll("simpleenroll", "REV", "rev3").status()).isEqualTo(202);
    assertThat(service
            .post("/certificates/" + serial + "/unhold", new JsonObject())
            .status())
        .isEqualTo(409);
    assertThat(service.post("/certificates/ffff/revoke", new JsonObject()).status())
        .isEqualTo(404);
    assertThat(service
            .post("/certificates/" + serial + "/revoke", new JsonObject().put("reason", "boredom"))
            .status())
        .isEqualTo(400);
  }

  @Test
  void hold_suspends_andUnholdRestores() {
    service.idevid("HOLD");
    String serial = RunningService.serialOf(service.enrolled("HOLD", "hold1"));
    service.post("/certificates/" + serial + "/hold", new JsonObject());
    assertThat(crlText()).contains("Certificate Hold");
    service.csr("hold2", "/");
    assertThat(service.enroll("simplereenroll", "hold1", "hold2").status()).isEqualTo(403);
    service.post("/certificates/" + serial + "/unhold", new JsonObject());
    assertThat(crlText()).doesNotContain(serial.toUpperCase(Locale.ROOT));
    assertThat(service.enroll("simplereenroll", "hold1", "hold2").status()).isEqualTo(200);
  }

  @Test
  void retiredDevice_staysOut_untilReleased() {
    service.idevid("GONE");
    service.enrolled("GONE", "gone1");
    assertThat(service.post("/devices/acme-gone/retire", new JsonObject()).status())
        .isEqualTo(200);
    service.csr("gone2", "/");
    assertThat(service.enroll("simpleenroll", "GONE", "gone2").status()).isEqualTo(403);
    assertThat(service.enroll("simplereenroll", "gone1", "gone2").status()).isEqualTo(403);
    service.post("/devices/acme-gone/release", new JsonObject());
    assertThat(service.enroll("simpleenroll", "GONE", "gone2").status()).isEqualTo(200);
  }

  @Test
  void serviceCertificate_isIssuedOnACallersKey_andCanBeRevoked() {
    service.csr("consumer", "/CN=reader");
    PeerProgram.require("openssl")
        .run(folder, "req", "-inform", "DER", "-in", "consumer.der", "-out", "consumer.csr")
        .expectSuccess();
    JsonObject wish = new JsonObject()
        .put("role", "consumer")
        .put("name", "reader")
        .put("fleet", "north")
        .put("csr", service.text("consumer.csr"));
    RunningService.Answer issued = service.post("/certificates", wish);
    assertThat(issued.status()).isEqualTo(201);
    assertThat(service.post("/certificates", wish).status()).isEqualTo(409);
    assertThat(service.post("/certificates", wish.copy().put("role", "device")).status())
        .isEqualTo(400);
    service.write("reader.pem", issued.body().getString("certificate"));
    assertThat(PeerProgram.require("openssl")
            .run(folder, "x509", "-in", "reader.pem", "-noout", "-subject", "-nameopt", "RFC2253")
            .stdout())
        .contains("OU=consumer,O=north,CN=reader");
    assertThat(service
            .post(
                "/certificates/" + issued.body().getString("serial") + "/revoke", new JsonObject())
            .status())
        .isEqualTo(200);
  }

  @Test
  void operatorApi_badInput_isTold() {
    assertThat(service.get("/devices/nobody").status()).isEqualTo(404);
    assertThat(service.get("/devices/A%2FB").status()).isEqualTo(404);
    assertThat(service.get("/devices?limit=0").status()).isEqualTo(400);
    assertThat(service.post("/manufacturers", new JsonObject()).status()).isEqualTo(400);
    assertThat(service
            .post("/manufacturers", new JsonObject().put("name", "x").put("ca", "junk"))
            .status())
        .isEqualTo(400);
    assertThat(service.addManufacturer("other", service.factory, "auto").status())
        .isEqualTo(409);
    assertThat(service.addManufacturer("acme", service.factory, "auto").status())
        .isEqualTo(201);
    assertThat(service.addManufacturer("acme", service.factory, "sometimes").status())
        .isEqualTo(400);
    assertThat(service.postCsv("/manufacturers/acme/manifest", "wrong\nx\n").status())
        .isEqualTo(400);
    assertThat(service.postCsv("/manufacturers/nobody/manifest", "serial\nx\n").status())
        .isEqualTo(404);
  }

  private static String crlText() {
    PeerProgram.require("curl")
        .run(folder, "-sSf", "-o", "now.crl", service.crl("device"))
        .expectSuccess();
    return PeerProgram.require("openssl")
        .run(folder, "crl", "-inform", "DER", "-in", "now.crl", "-noout", "-text")
        .expectSuccess()
        .stdout()
        .replace("\n", " ");
  }
}
