/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment;

import static org.assertj.core.api.Assertions.assertThat;

import dev.muster.enrollment.issuance.Fingerprint;
import dev.muster.testing.TestPki;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Claim tokens over HTTP Basic, sent by curl. */
class ClaimsIT {
  @TempDir
  static Path folder;

  static RunningService service;

  @BeforeAll
  static void start() {
    service = new RunningService(folder);
    assertThat(service.addManufacturer("acme", service.factory, "auto").status())
        .isEqualTo(201);
  }

  @AfterAll
  static void stop() {
    service.close();
  }

  private static JsonObject claim(String manufacturer, String serial) {
    return claim(service, manufacturer, serial);
  }

  private static JsonObject claim(RunningService service, String manufacturer, String serial) {
    RunningService.Answer made = service.post(
        "/claims", new JsonObject().put("manufacturer", manufacturer).put("serial", serial));
    assertThat(made.status()).isEqualTo(201);
    return made.body().getJsonArray("claims").getJsonObject(0);
  }

  private static RunningService.Http enroll(String credential, String token, String csr) {
    return service.claim(credential, token, csr);
  }

  private static String state(String manufacturer, String id) {
    JsonArray claims =
        service.get("/claims?manufacturer=" + manufacturer).body().getJsonArray("claims");
    return claims.stream()
        .map(JsonObject.class::cast)
        .filter(claim -> claim.getString("id").equals(id))
        .findFirst()
        .orElseThrow()
        .getString("state");
  }

  @Test
  void est_simpleenroll_neitherCertificateNorCredentials_isChallenged() {
    service.csr("nobody", "/");
    RunningService.Http answer = service.enroll("simpleenroll", null, "nobody");
    assertThat(answer.status()).isEqualTo(401);
    assertThat(answer.header("WWW-Authenticate")).contains("Basic realm=\"estrealm\"");
    assertThat(answer.header("Content-Type").orElseThrow()).startsWith("text/plain");
    assertThat(answer.header("Content-Length"))
        .as("BouncyCastle would miss that much")
        .isEmpty();
    RunningService.Http libest = service.curl(
        null,
        "--user-agent",
        "libest 3.2.0p",
        "-H",
        "Content-Type: application/pkcs10",
        "--data-binary",
        "@nobody.b64",
        service.est("simpleenroll"));
    assertThat(libest.status()).isEqualTo(401);
    assertThat(libest.header("Content-Length")).contains("" + libest.body().length());
  }

  @Test
  void est_simpleenroll_claimToken_letsItsDeviceInOnce_andRepeatsALostAnswer() {
    JsonObject claim = claim("acme", "NO-ID-1");
    String token = claim.getString("token");
    service.csr("claimed1", "/CN=NO-ID-1");
    X509Certificate first = service.unpack(enroll(null, token, "claimed1"), "claimed1");
    assertThat(first.getSubjectX500Principal().getName())
        .isEqualTo("OU=device,O=default,CN=acme-no-id-1");
    assertThat(service.unpack(enroll(null, token, "claimed1"), "again")).isEqualTo(first);
    service.csr("claimed1b", "/CN=NO-ID-1");
    RunningService.Http second = enroll(null, token, "claimed1b");
    assertThat(second.status()).isEqualTo(401);
    assertThat(second.body()).contains("claim token: not valid");
    assertThat(state("acme", claim.getString("id"))).isEqualTo("used");
    assertThat(service.get("/devices/acme-no-id-1").body().getString("identifiedBy"))
        .isEqualTo("claim");
    service.csr("claimed1c", "/");
    assertThat(service.enroll("simplereenroll", "claimed1", "claimed1c").status())
        .isEqualTo(200);
  }

  @Test
  void claims_askedForTwiceByOneKey_areMadeOnce_andNoTokenIsKept() throws IOException {
    String key = "8e03978e-40d5-43dd-bc93-6894a57f9324";
    JsonObject two = new JsonObject().put("manufacturer", "acme").put("count", 2);
    int before = claims();
    RunningService.Answer first = service.post("/claims", two, "Idempotency-Key", key);
    assertThat(first.status()).isEqualTo(201);
    assertThat(service.post("/claims", two, "Idempotency-Key", key)).isEqualTo(first);
    assertThat(claims()).isEqualTo(before + 2);
    assertThat(service.get("/audit?limit=1000&object=manufacturer:acme").body().encode())
        .as("who saw them again")
        .containsOnlyOnce("claim.shown-again");
    JsonObject three = two.copy().put("count", 3);
    assertThat(service.post("/claims", three, "Idempotency-Key", key).status()).isEqualTo(422);
    assertThat(service.post("/claims", two, "Idempotency-Key", "1").status()).isEqualTo(400);
    assertNotKept(first.body().getJsonArray("claims").getJsonObject(0).getString("token"));
    assertNotKept(key);
  }

  private static int claims() {
    return service
        .get("/claims?manufacturer=acme&limit=1000")
        .body()
        .getJsonArray("claims")
        .size();
  }

  @Test
  void est_simpleenroll_claimTokenOfAnotherName_isRefused() {
    String token = claim("acme", "NO-ID-2").getString("token");
    service.csr("foreign", "/CN=NO-ID-9");
    assertThat(enroll(null, token, "foreign").status()).isEqualTo(400);
    // That was not its use.
    service.csr("own", "/CN=NO-ID-2");
    assertThat(enroll(null, token, "own").status()).isEqualTo(200);
  }

  @Test
  void est_simpleenroll_claimRequiredBesidesTheIdevid_needsBoth() {
    TestPki.Credential maker = TestPki.root("O=Both,CN=Both CA");
    service.addManufacturer("both", maker, "auto");
    TestPki.write(folder, "B-1", maker.issue("SERIALNUMBER=B-1").build());
    service.post("/manufacturers/both/policy", new JsonObject().put("claimRequired", true));
    service.csr("both1", "/");
    RunningService.Http alone = service.enroll("simpleenroll", "B-1", "both1");
    assertThat(alone.status()).isEqualTo(401);
    assertThat(alone.body()).contains("claim token: none");
    String foreign = claim("acme", "B-1").getString("token");
    assertThat(enroll("B-1", foreign, "both1").status()).isEqualTo(401);
    JsonObject any = service
        .post("/claims", new JsonObject().put("manufacturer", "both").put("count", 2))
        .body()
        .getJsonArray("claims")
        .getJsonObject(1);
    // Without a serial number it names nobody, and is no use without an IDevID.
    assertThat(enroll(null, any.getString("token"), "both1").status()).isEqualTo(401);
    // Nor is one that names the device: whoever has found it on a label has not the device.
    JsonObject label = claim("both", "B-3");
    RunningService.refused(
        enroll(null, label.getString("token"), "both1"), 401, "client certificate: none");
    TestPki.write(folder, "B-3", maker.issue("SERIALNUMBER=B-3").build());
    service.csr("both3", "/");
    assertThat(enroll("B-3", label.getString("token"), "both3").status()).isEqualTo(200);
    assertThat(enroll("B-1", any.getString("token"), "both1").status()).isEqualTo(200);
    assertThat(state("both", any.getString("id"))).isEqualTo("used");
    assertThat(service.get("/devices/both-b-1").body().getString("identifiedBy"))
        .isEqualTo("both");
    service.post("/manufacturers/both/policy", new JsonObject().put("claimRequired", false));
    TestPki.write(folder, "B-2", maker.issue("SERIALNUMBER=B-2").build());
    service.csr("both2", "/");
    assertThat(service.enroll("simpleenroll", "B-2", "both2").status()).isEqualTo(200);
  }

  @Test
  void est_simpleenroll_deferredWithClaimToken_doesNotUseItUp() {
    service.addManufacturer("slow", TestPki.root("O=Slow,CN=Slow CA"), "manual");
    JsonObject claim = claim("slow", "S-1");
    service.csr("slow1", "/");
    assertThat(enroll(null, claim.getString("token"), "slow1").status()).isEqualTo(202);
    assertThat(state("slow", claim.getString("id"))).isEqualTo("open");
    service.post("/devices/slow-s-1/approve", new JsonObject());
    assertThat(enroll(null, claim.getString("token"), "slow1").status()).isEqualTo(200);
    assertThat(state("slow", claim.getString("id"))).isEqualTo("used");
  }

  /** It has no CA by which its devices could be told from others. */
  @Test
  void manufacturerDisabledWithRenewals_whoseDevicesCameWithTokens_renewsNone() {
    TestPki.Credential none = TestPki.root("O=Tokens,CN=Tokens CA");
    service.addManufacturer("tokens", none, "registered");
    String ca =
        "/manufacturers/tokens/cas/" + Fingerprint.of(none.certificate()).hex();
    assertThat(service.post(ca + "/remove", new JsonObject()).status()).isEqualTo(200);
    service.csr("tokens1", "/");
    service.unpack(enroll(null, claim("tokens", "T-1").getString("token"), "tokens1"), "tokens1");
    service.csr("tokens2", "/");
    JsonObject all = new JsonObject().put("renewals", true);
    assertThat(service.post("/manufacturers/tokens/disable", all).status()).isEqualTo(200);
    RunningService.refused(
        service.enroll("simplereenroll", "tokens1", "tokens2"),
        403,
        "barred the renewals of its manufacturer");
  }

  @Test
  void claim_revoked_letsNobodyIn() {
    JsonObject claim = claim("acme", "NO-ID-3");
    assertThat(service
            .post("/claims/" + claim.getString("id") + "/revoke", new JsonObject())
            .body()
            .getString("state"))
        .isEqualTo("revoked");
    service.csr("revoked", "/");
    assertThat(enroll(null, claim.getString("token"), "revoked").status()).isEqualTo(401);
  }

  @Test
  void claim_ofADeviceThatLeaves_endsWithThat_andOneMadeAfterwardsIsGood() {
    String used = claim("acme", "NO-ID-6").getString("token");
    service.csr("leaving", "/");
    assertThat(enroll(null, used, "leaving").status()).isEqualTo(200);
    JsonObject sold = claim("acme", "NO-ID-6");
    JsonObject other = claim("acme", "NO-ID-7");
    JsonObject to = new JsonObject().put("to", "north");
    assertThat(service.post("/devices/acme-no-id-6/transfer", to).status()).isEqualTo(200);
    assertThat(state("acme", sold.getString("id"))).isEqualTo("revoked");
    assertThat(state("acme", other.getString("id"))).isEqualTo("open");
    service.csr("seller", "/");
    RunningService.refused(
        enroll(null, sold.getString("token"), "seller"), 401, "claim token: not valid");

    String bought = claim("acme", "NO-ID-6").getString("token");
    service.csr("buyer", "/");
    assertThat(service
            .unpack(enroll(null, bought, "buyer"), "buyer")
            .getSubjectX500Principal()
            .getName())
        .contains("O=north");
    JsonObject left = claim("acme", "NO-ID-6");
    service.post("/devices/acme-no-id-6/retire", new JsonObject());
    service.post("/devices/acme-no-id-6/release", new JsonObject());
    assertThat(enroll(null, left.getString("token"), "seller").status()).isEqualTo(401);
  }

  @Test
  void claim_token_isKeptNowhere() throws IOException {
    String token = claim("acme", "NO-ID-4").getString("token");
    service.csr("hidden", "/");
    assertThat(enroll(null, token, "hidden").status()).isEqualTo(200);
    assertThat(service.get("/claims?manufacturer=acme").body().encode()).doesNotContain(token);
    assertNotKept(token);
  }

  private static void assertNotKept(String token) throws IOException {
    try (Stream<Path> files = Files.walk(folder.resolve("db"))) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        String content = Files.readString(file, StandardCharsets.ISO_8859_1);
        assertThat(content.contains(token)).as(file.toString()).isFalse();
      }
    }
  }

  @Test
  void claim_badWishes_areTold() {
    for (JsonObject wish : List.of(
        new JsonObject(),
        new JsonObject().put("manufacturer", "acme").put("count", 0),
        new JsonObject().put("manufacturer", "acme").put("count", 2).put("serial", "X"),
        new JsonObject().put("manufacturer", "acme").put("serial", "a/b"),
        new JsonObject().put("manufacturer", "acme").put("validForSeconds", -1))) {
      assertThat(service.post("/claims", wish).status()).as(wish.encode()).isEqualTo(400);
    }
    assertThat(service
            .post("/claims", new JsonObject().put("manufacturer", "nobody"))
            .status())
        .isEqualTo(404);
    assertThat(service.post("/claims/0/revoke", new JsonObject()).status()).isEqualTo(404);
  }

  @Test
  void est_simpleenroll_wrongTokens_areCountedByAddress(@TempDir Path other) {
    try (RunningService attacked = new RunningService(other)) {
      attacked.csr("guess", "/");
      for (int i = 0; i < 10; i++) {
        assertThat(attacked.claim(null, "guess-" + i, "guess").status()).isEqualTo(401);
      }
      RunningService.Http answer = attacked.claim(null, "guess-10", "guess");
      assertThat(answer.status()).isEqualTo(429);
      assertThat(answer.header("Retry-After")).isPresent();
      attacked.addManufacturer("acme", attacked.factory, "auto");
      String good = claim(attacked, "acme", "NO-ID-5").getString("token");
      attacked.csr("right", "/");
      assertThat(attacked.claim(null, good, "right").status())
          .as("a right one of the same address")
          .isEqualTo(200);
    }
  }
}
