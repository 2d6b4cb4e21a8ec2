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
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What an operator cannot be talked into: names and keys that are another's. */
class OperatorRulesIT {
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

  private static RunningService.Answer issue(String name, String role, @Nullable String fleet) {
    service.csr("service", "/");
    return issueCsr("service", name, role, fleet);
  }

  private static RunningService.Answer issueCsr(
      String csr, String name, String role, @Nullable String fleet) {
    PeerProgram.require("openssl")
        .run(folder, "req", "-inform", "DER", "-in", csr + ".der", "-out", "service.csr")
        .expectSuccess();
    return service.post(
        "/certificates",
        new JsonObject()
            .put("role", role)
            .put("name", name)
            .put("fleet", fleet)
            .put("csr", service.text("service.csr")));
  }

  private static void conflict(RunningService.Answer answer, String... words) {
    assertThat(answer.status()).as(answer.toString()).isEqualTo(409);
    assertThat(answer.body().getString("detail")).contains(words);
  }

  @Test
  void questionsThatCannotBeAnswered_areToldSo() {
    for (String question : List.of(
        "/certificates?endsBefore=%2B999999999-12-31T23:59:59Z",
        "/certificates?endsBefore=-999999999-01-01T00:00:00Z",
        "/certificates?endsBefore=tomorrow",
        "/certificates?endsBefore=2030-01-31T12:00:00Z&status=held",
        "/certificates?device=pump-1&status=held",
        "/audit?order=x",
        "/audit?object=device:pump-1&order=newest")) {
      RunningService.Answer answer = service.get(question);
      assertThat(answer.status()).as("%s: %s", question, answer).isEqualTo(400);
      assertThat(answer.body().getString("detail")).as(question).contains("expected");
    }
    assertThat(service.get("/certificates?endsBefore=9999-12-31T23:59:59Z").status())
        .isEqualTo(200);
    assertThat(service.get("/audit?object=device:pump-1&order=oldest").status()).isEqualTo(200);
  }

  @Test
  void times_beyondWhatDatabasesKeep_areRefused() {
    JsonObject since = new JsonObject().put("since", "-999999999-01-01T00:00:00Z");
    assertThat(service.post("/manufacturers/acme/disable", since).status()).isEqualTo(400);
    JsonObject before = new JsonObject().put("before", "-999999999-01-01T00:00:00Z");
    assertThat(service.post("/certificates/renew-now", before).status()).isEqualTo(400);
  }

  @Test
  void namesOfOurOwnServices_areReserved() {
    for (String name : List.of("enrollment", "broker", "server")) {
      conflict(issue(name, "consumer", null), name, "reserved");
    }
  }

  @Test
  void nameInUseWithOtherRights_isAConflict_untilThatOneIsRevoked() {
    RunningService.Answer first = issue("dash", "consumer", "north");
    assertThat(first.status()).isEqualTo(201);
    assertThat(issue("dash", "consumer", "north").status()).isEqualTo(201);
    conflict(issue("dash", "operator", "north"), "dash", "consumer", "north");
    conflict(issue("dash", "consumer", "south"), "north");
    conflict(issue("dash", "consumer", null), "north");
    RunningService.Answer only = issue("single", "consumer", null);
    service.post("/certificates/" + only.body().getString("serial") + "/revoke", new JsonObject());
    assertThat(issue("single", "operator", null).status()).isEqualTo(201);
  }

  @Test
  void idOfADevice_isAConflict() {
    service.idevid("NAMED");
    service.enrolled("NAMED", "named");
    conflict(issue("acme-named", "consumer", null), "id of a device");
    service.postCsv("/manufacturers/acme/manifest", "serial,device\nNM-1,valve-1\nNM-2,\n");
    conflict(issue("valve-1", "consumer", null), "announced");
    conflict(issue("acme-nm-2", "consumer", null), "announced");
  }

  @Test
  void keyOfAManufacturer_isNotCertifiedForAService() {
    TestPki.Credential maker = TestPki.root("CN=Keyed CA");
    service.addManufacturer("keyed", maker, "auto");
    service.write("maker.key", TestPki.pem(maker.key()));
    service.csrWithKey("maker", "maker.key", "/");
    conflict(issueCsr("maker", "fine", "consumer", null), "key is in use");
  }

  @Test
  void manufacturersWhoseDevicesCouldShareAName_areAConflict() {
    service.addManufacturer("twin", TestPki.root("CN=Twin"), "auto");
    conflict(service.addManufacturer("twin-b", TestPki.root("CN=Twin B"), "auto"), "twin");
    assertThat(
            service.addManufacturer("twins", TestPki.root("CN=Twins"), "auto").status())
        .isEqualTo(201);
    service.addManufacturer("long-er", TestPki.root("CN=Longer"), "auto");
    conflict(service.addManufacturer("long", TestPki.root("CN=Long"), "auto"), "long-er");
  }

  @Test
  void templatedNamesOfAnnouncedDevices_areReserved() {
    TestPki.Credential maker = TestPki.root("CN=Tmpl CA");
    service.addManufacturer("tmpl", maker, "registered");
    assertThat(service
            .postCsv("/manufacturers/tmpl/manifest", "serial\nSN-1\nsn-1\n")
            .body()
            .getInteger("added"))
        .isEqualTo(1);
    RunningService.Answer stolen =
        service.postCsv("/manufacturers/acme/manifest", "serial,device\nX1,tmpl-sn-1\nX2,broker\n");
    assertThat(stolen.body().getJsonArray("errors")).hasSize(2);
    TestPki.Credential auto = TestPki.root("CN=Tmpl2 CA");
    service.addManufacturer("tmpl2", auto, "auto");
    service.postCsv("/manufacturers/tmpl2/manifest", "serial\nSN-9\n");
    TestPki.write(folder, "tmpl2", auto.issue("SERIALNUMBER=sn-9").build());
    service.csr("tmpl2csr", "/");
    assertThat(service.enroll("simpleenroll", "tmpl2", "tmpl2csr").status()).isEqualTo(403);
  }

  @Test
  void unfitAnchors_areRefused() throws Exception {
    Instant now = Instant.now();
    TestPki.Credential early = TestPki.selfSigned("CN=Early")
        .ca()
        .validity(now.plus(Duration.ofDays(1)), now.plus(Duration.ofDays(2)))
        .build();
    assertThat(service.addManufacturer("early", early, "auto").status()).isEqualTo(400);
    KeyPair shared = TestPki.newKey();
    service.addManufacturer(
        "share", TestPki.selfSigned("CN=S1").ca().key(shared).build(), "auto");
    conflict(
        service.addManufacturer(
            "steal", TestPki.selfSigned("CN=S2").ca().key(shared).build(), "auto"),
        "share");
    KeyPairGenerator weak = KeyPairGenerator.getInstance("RSA");
    weak.initialize(1024);
    TestPki.Credential weakCa =
        service.factory.issue("CN=Weak").ca().key(weak.generateKeyPair()).build();
    assertThat(service.addManufacturer("weak", weakCa, "auto").body().getString("detail"))
        .contains("RSA 1024");
  }
}
