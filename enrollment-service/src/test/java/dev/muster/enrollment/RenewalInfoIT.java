/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.muster.enrollment.csr.KeyKind;
import dev.muster.enrollment.registrar.AdmissionConfig;
import dev.muster.enrollment.registrar.DeviceProfile;
import dev.muster.protocol.identity.FleetName;
import dev.muster.protocol.identity.RenewalWindow;
import dev.muster.testing.PeerProgram;
import dev.muster.testing.TestPki;
import io.vertx.core.json.JsonObject;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import org.bouncycastle.asn1.ASN1OctetString;
import org.bouncycastle.asn1.x509.AuthorityKeyIdentifier;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** When to renew, under which profile, and with which key. */
class RenewalInfoIT {
  @TempDir
  static Path folder;

  static RunningService service;

  @BeforeAll
  static void start() {
    DeviceProfile shortLived =
        new DeviceProfile("short", Duration.ofHours(72), List.of(KeyKind.P256), List.of());
    service = new RunningService(
        folder,
        config -> RunningService.with(
            config, new AdmissionConfig(new FleetName("default"), true, List.of(shortLived))));
    service.addManufacturer("acme", service.factory, "auto");
  }

  @AfterAll
  static void stop() {
    service.close();
  }

  /** What draft-ietf-lamps-est-renewal-info calls a certificate. */
  static String id(X509Certificate certificate) {
    byte[] extension =
        ASN1OctetString.getInstance(certificate.getExtensionValue("2.5.29.35")).getOctets();
    Base64.Encoder base64url = Base64.getUrlEncoder().withoutPadding();
    return base64url.encodeToString(
            AuthorityKeyIdentifier.getInstance(extension).getKeyIdentifierOctets())
        + "." + base64url.encodeToString(certificate.getSerialNumber().toByteArray());
  }

  private static RunningService.Http info(String id) {
    return service.curl(null, service.est("renewal-info/" + id));
  }

  private static Instant edge(RunningService.Http answer, String name) {
    return Instant.parse(
        new JsonObject(answer.body()).getJsonObject("suggestedWindow").getString(name));
  }

  @Test
  void est_renewalInfo_withoutOrder_isTheUsualWindow() {
    service.idevid("R-1");
    X509Certificate issued = service.enrolled("R-1", "r1");
    RunningService.Http answer = info(id(issued));
    assertThat(answer.status()).isEqualTo(200);
    assertThat(answer.header("Content-Type")).contains("application/json");
    assertThat(answer.header("Retry-After").map(Integer::parseInt).orElseThrow())
        .isBetween(60, 6 * 3600);
    RenewalWindow usual = new RenewalWindow(
        issued.getNotBefore().toInstant(), issued.getNotAfter().toInstant());
    assertThat(edge(answer, "start")).isEqualTo(usual.opens().truncatedTo(ChronoUnit.SECONDS));
    assertThat(edge(answer, "end")).isEqualTo(usual.closes().truncatedTo(ChronoUnit.SECONDS));
    assertThat(service
            .curl(null, service.est("default/renewal-info/" + id(issued)))
            .status())
        .isEqualTo(200);
  }

  @Test
  void est_renewalInfo_ordered_opensNow_forThoseMeantAlone() {
    TestPki.Credential maker = TestPki.root("O=North,CN=North CA");
    service.addManufacturer("north", maker, "auto");
    service.post(
        "/manufacturers",
        new JsonObject()
            .put("name", "north")
            .put("ca", TestPki.pem(List.of(maker.certificate())))
            .put("admission", "auto")
            .put("fleet", "north"));
    TestPki.write(folder, "N-1", maker.issue("SERIALNUMBER=N-1").build());
    X509Certificate meant = service.enrolled("N-1", "n1");
    service.idevid("R-2");
    X509Certificate other = service.enrolled("R-2", "r2");
    RunningService.Answer order = service.post(
        "/certificates/renew-now",
        new JsonObject().put("fleet", "north").put("spreadSeconds", 600));
    assertThat(order.status()).isEqualTo(201);
    RunningService.Http answer = info(id(meant));
    assertThat(edge(answer, "start")).isCloseTo(Instant.now(), within(2, ChronoUnit.MINUTES));
    assertThat(Duration.between(edge(answer, "start"), edge(answer, "end")))
        .isEqualTo(Duration.ofMinutes(10));
    assertThat(edge(info(id(other)), "start")).isAfter(Instant.now().plus(10, ChronoUnit.DAYS));
    // What was issued upon the order is not meant by it.
    service.csr("n2", "/");
    X509Certificate renewed = service.unpack(service.enroll("simplereenroll", "n1", "n2"), "n2");
    assertThat(edge(info(id(renewed)), "start")).isAfter(Instant.now().plus(10, ChronoUnit.DAYS));
    assertThat(service.get("/certificates/renew-now").body().getJsonArray("orders"))
        .isNotEmpty();
    assertThat(service.get("/audit?limit=1000").body().encode()).contains("renewal.ordered");
  }

  @Test
  void order_ofACaThatIsNone_isRefused() {
    for (String issuer : List.of("devcie", "the-device-ca-of-2026")) {
      RunningService.Answer answer =
          service.post("/certificates/renew-now", new JsonObject().put("issuer", issuer));
      assertThat(answer.status()).isEqualTo(400);
      assertThat(answer.body().encode()).contains("issuer", issuer, "expected");
    }
    assertThat(service
            .post("/certificates/renew-now", new JsonObject().put("issuer", "device"))
            .status())
        .isEqualTo(201);
  }

  @Test
  void order_askedForTwiceByOneKey_isOne() {
    JsonObject order = new JsonObject().put("fleet", "nowhere").put("spreadSeconds", 60);
    String key = "1c0a8d1e-6a2b-4a7c-9d33-0f6d1f4f9a10";
    int before = orders();
    RunningService.Answer first =
        service.post("/certificates/renew-now", order, "Idempotency-Key", key);
    assertThat(first.status()).isEqualTo(201);
    assertThat(service.post("/certificates/renew-now", order, "Idempotency-Key", key))
        .isEqualTo(first);
    assertThat(orders()).isEqualTo(before + 1);
    JsonObject other = order.copy().put("spreadSeconds", 61);
    assertThat(service
            .post("/certificates/renew-now", other, "Idempotency-Key", key)
            .status())
        .isEqualTo(422);
    assertThat(orders()).isEqualTo(before + 1);
  }

  private static int orders() {
    return service.get("/certificates/renew-now").body().getJsonArray("orders").size();
  }

  @Test
  void est_renewalInfo_unknownOrGarbage_isToldApart() {
    service.idevid("R-3");
    String id = id(service.enrolled("R-3", "r3"));
    String authority = id.substring(0, id.indexOf('.'));
    assertThat(info(authority + ".AQIDBA").status()).isEqualTo(404);
    assertThat(info("AAAA" + id.substring(id.indexOf('.'))).status()).isEqualTo(404);
    for (String garbage :
        List.of("x", "a..b", authority + ".", authority + ".AA", "a=.b", "%00.%00")) {
      assertThat(info(garbage).status()).as(garbage).isEqualTo(400);
    }
    assertThat(service.curl(null, service.est("renewal-info")).status()).isEqualTo(404);
    assertThat(
            service.curl(null, "-X", "POST", service.est("renewal-info/" + id)).status())
        .isEqualTo(405);
    assertThat(service.curl(null, "--head", service.est("renewal-info/" + id)).status())
        .isEqualTo(200);
  }

  @Test
  void est_label_profile_givesItsValidity_andRenewalsKeepIt() {
    service.idevid("P-1");
    service.csr("p1", "/");
    X509Certificate first = service.unpack(service.enroll("short/simpleenroll", "P-1", "p1"), "p1");
    assertThat(life(first)).isLessThan(Duration.ofHours(73));
    service.csr("p2", "/");
    X509Certificate next = service.unpack(service.enroll("simplereenroll", "p1", "p2"), "p2");
    assertThat(life(next)).isLessThan(Duration.ofHours(73));
    service.idevid("P-2");
    assertThat(life(service.enrolled("P-2", "p3"))).isGreaterThan(Duration.ofDays(29));
    service.csr("p4", "/");
    assertThat(life(service.unpack(service.enroll("short/simplereenroll", "p3", "p4"), "p4")))
        .isLessThan(Duration.ofHours(73));
    RunningService.Http wishes = service.curl(null, service.est("short/csrattrs"));
    assertThat(wishes.status()).isEqualTo(200);
    assertThat(service.curl(null, service.est("nowhere/csrattrs")).status()).isEqualTo(404);
  }

  @Test
  void est_csrattrs_keyNotOfTheProfile_isRefusedAtEnrollment() {
    service.idevid("P-3");
    dev.muster.testing.PeerProgram.require("openssl")
        .run(folder, "ecparam", "-name", "secp384r1", "-genkey", "-noout", "-out", "p384.key");
    service.csrWithKey("p384", "p384.key", "/");
    RunningService.Http refused = service.enroll("short/simpleenroll", "P-3", "p384");
    assertThat(refused.status()).isEqualTo(400);
    assertThat(refused.body()).contains("publicKey: p-384 (expected: p-256)");
  }

  @Test
  void est_simplereenroll_keyKeptWhereAllowed_isAnotherCertificate() {
    service.idevid("K-1");
    X509Certificate first = service.enrolled("K-1", "k1");
    service.csrWithKey("k1-again", "k1.key", "/CN=acme-k-1/O=default/OU=device");
    RunningService.Http answer = service.enroll("simplereenroll", "k1", "k1-again");
    X509Certificate second = service.unpack(answer, "k2");
    assertThat(second.getPublicKey()).isEqualTo(first.getPublicKey());
    assertThat(second.getSerialNumber()).isNotEqualTo(first.getSerialNumber());
    assertThat(Arrays.equals(
            second.getSubjectX500Principal().getEncoded(),
            first.getSubjectX500Principal().getEncoded()))
        .isTrue();
    // The answer was lost: the same question has the same answer.
    assertThat(service.unpack(service.enroll("simplereenroll", "k1", "k1-again"), "k3"))
        .isEqualTo(second);
  }

  /** As libest does, which makes its request of the certificate and copies all extensions. */
  @Test
  void est_simplereenroll_extensionsOfTheCertificateRepeated_isRenewed() {
    service.idevid("L-1");
    X509Certificate first = service.enrolled("L-1", "l1");
    requestOf("l1", "l1-again");
    X509Certificate second =
        service.unpack(service.enroll("simplereenroll", "l1", "l1-again"), "l2");
    assertThat(second.getPublicKey()).isEqualTo(first.getPublicKey());
    assertThat(second.getSerialNumber()).isNotEqualTo(first.getSerialNumber());
  }

  @Test
  void est_simplereenroll_extensionsOfAnotherCertificate_is400NamingOne() {
    service.idevid("L-2");
    service.idevid("L-3");
    service.enrolled("L-2", "l2");
    service.enrolled("L-3", "l3");
    requestOf("l2", "stranger");
    RunningService.Http answer = service.enroll("simplereenroll", "l3", "stranger");
    assertThat(answer.status()).isEqualTo(400);
    assertThat(answer.body()).contains("expected");
    // Nor has a first request a certificate to repeat.
    service.idevid("L-4");
    assertThat(service.enroll("simpleenroll", "L-4", "stranger").status()).isEqualTo(400);
  }

  private static void requestOf(String certificate, String name) {
    openssl("x509 -x509toreq -copy_extensions copyall -in %s.pem -key %s.key -out %s.csr"
        .formatted(certificate, certificate, name));
    openssl("req -in %s.csr -outform DER -out %s.der".formatted(name, name));
    openssl("base64 -in %s.der -out %s.b64".formatted(name, name));
  }

  private static void openssl(String arguments) {
    PeerProgram.require("openssl").run(folder, arguments.split(" ")).expectSuccess();
  }

  private static Duration life(X509Certificate certificate) {
    return Duration.between(
        certificate.getNotBefore().toInstant(), certificate.getNotAfter().toInstant());
  }
}
