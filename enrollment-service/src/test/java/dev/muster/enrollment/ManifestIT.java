/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment;

import static org.assertj.core.api.Assertions.assertThat;

import dev.muster.enrollment.issuance.Fingerprint;
import dev.muster.protocol.file.Pem;
import dev.muster.testing.PeerProgram;
import dev.muster.testing.TestPki;
import io.vertx.core.json.JsonObject;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Manifests over the operator API, signed with openssl. */
class ManifestIT {
  private static final String PATH = "/manufacturers/acme/manifest";

  @TempDir
  static Path folder;

  private static RunningService service;

  @BeforeAll
  static void start() {
    service = new RunningService(folder);
    service.addManufacturer("acme", service.factory, "registered");
    TestPki.write(folder, "maker", service.factory);
    certify("station", "/O=Acme/CN=Station", "emailProtection", "maker");
  }

  @AfterAll
  static void stop() {
    service.close();
  }

  /** A key, and a certificate that {@code issuer} signs. */
  private static void certify(String name, String subject, String purpose, String issuer) {
    openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", name + ".key");
    openssl("req", "-new", "-key", name + ".key", "-subj", subject, "-out", name + ".csr");
    service.write(
        name + ".ext",
        "keyUsage=critical,digitalSignature\n"
            + (purpose.isEmpty() ? "" : "extendedKeyUsage=" + purpose + "\n"));
    openssl(
        "x509",
        "-req",
        "-in",
        name + ".csr",
        "-CA",
        issuer + ".pem",
        "-CAkey",
        issuer + ".key",
        "-set_serial",
        "77",
        "-days",
        "10",
        "-extfile",
        name + ".ext",
        "-out",
        name + ".pem");
  }

  private static void openssl(String... arguments) {
    PeerProgram.require("openssl").run(folder, arguments).expectSuccess();
  }

  private static byte[] signed(String csv, String signer, String... more) {
    service.write("in.csv", csv);
    List<String> arguments = new ArrayList<>(List.of(
        "cms",
        "-sign",
        "-binary",
        "-in",
        "in.csv",
        "-signer",
        signer + ".pem",
        "-inkey",
        signer + ".key",
        "-outform",
        "DER",
        "-out",
        "out.p7m"));
    arguments.addAll(List.of(more));
    openssl(arguments.toArray(String[]::new));
    return service.read("out.p7m");
  }

  private static RunningService.Answer post(byte[] manifest) {
    return service.postBytes(PATH, manifest);
  }

  @Test
  void manifestSignedByAStation_isTaken_andItsSignerKept() {
    RunningService.Answer taken =
        post(signed("serial,tags\nS-1,site=x\nS-2\n", "station", "-nodetach"));
    assertThat(taken.status()).isEqualTo(200);
    assertThat(taken.body().getInteger("added")).isEqualTo(2);
    assertThat(taken.body().getString("signer")).contains("CN=Station");
    JsonObject listed = service.get("/manifests").body().getJsonArray("manifests").stream()
        .map(JsonObject.class::cast)
        .filter(one -> one.getString("signer") != null)
        .findFirst()
        .orElseThrow();
    assertThat(listed.getString("signer")).contains("CN=Station");
    assertThat(listed.getString("sha256")).matches("[0-9a-f]{64}");
    // The device that it announces is let in, with its tags.
    service.idevid("S-1");
    service.enrolled("S-1", "s1");
    assertThat(service.get("/devices/acme-s-1").body().getJsonObject("tags"))
        .isEqualTo(new JsonObject().put("site", "x"));
  }

  @Test
  void manifestSignedByTheCa_inPem_isTaken() {
    byte[] pem = signed("serial\nCA-1\n", "maker", "-nodetach", "-outform", "PEM");
    assertThat(post(pem).body().getInteger("added")).isEqualTo(1);
  }

  /** More than goes into one transaction. */
  @Test
  void manifestInJson_thatIsBrokenAtItsEnd_announcesNobody() {
    String rows = IntStream.range(0, 1_200)
        .mapToObj(n -> "{\"serial\":\"BROKEN-" + n + "\"}")
        .collect(Collectors.joining(",", "[", "]"));
    RunningService.Answer refused = post((rows + "x").getBytes(StandardCharsets.UTF_8));
    assertThat(refused.status()).isEqualTo(400);
    service.idevid("BROKEN-0");
    service.csr("j0", "/");
    assertThat(service.enroll("simpleenroll", "BROKEN-0", "j0").status()).isEqualTo(403);
    assertThat(post(rows.getBytes(StandardCharsets.UTF_8)).body().getInteger("added"))
        .isEqualTo(1_200);
    assertThat(service.enroll("simpleenroll", "BROKEN-0", "j0").status()).isEqualTo(200);
  }

  @Test
  void tamperedManifest_isRefusedWhole() {
    byte[] manifest = signed("serial\nT-1\nT-2\n", "station", "-nodetach");
    String text = new String(manifest, StandardCharsets.ISO_8859_1);
    byte[] tampered = text.replace("T-2", "T-3").getBytes(StandardCharsets.ISO_8859_1);
    RunningService.Answer refused = post(tampered);
    assertThat(refused.status()).isEqualTo(400);
    assertThat(refused.body().getString("detail")).startsWith("signature:");
    assertThat(post("serial\nT-1\n".getBytes(StandardCharsets.UTF_8)).body().getInteger("added"))
        .isEqualTo(1);
  }

  @Test
  void manifestSignedByOthers_isRefusedWhole() {
    TestPki.write(folder, "other", TestPki.root("CN=Other CA"));
    certify("stranger", "/CN=Station", "emailProtection", "other");
    certify("device", "/CN=Widget/serialNumber=S-9", "", "maker");
    certify("device2", "/CN=Widget/serialNumber=S-9", "emailProtection", "maker");
    certify("client", "/CN=Station", "clientAuth", "maker");
    for (String signer : List.of("other", "stranger", "device", "device2", "client")) {
      RunningService.Answer refused = post(signed("serial\nO-1\n", signer, "-nodetach"));
      assertThat(refused.status()).as(signer).isEqualTo(400);
      assertThat(refused.body().getString("detail")).as(signer).startsWith("signer:");
    }
  }

  @Test
  void manifestSignedByAStationThatItsMakerHasRevoked_isRefused() {
    TestPki.Credential maker = TestPki.root("CN=Recalling");
    service.addManufacturer("recalling", maker, "registered");
    TestPki.write(folder, "recalling", maker);
    certify("recalled", "/CN=Station", "emailProtection", "recalling");
    byte[] manifest = signed("serial\nR-1\n", "recalled", "-nodetach");
    String path = "/manufacturers/recalling/manifest";
    assertThat(service.postBytes(path, manifest).status()).isEqualTo(200);
    X509Certificate station = Pem.certificates(service.text("recalled.pem")).get(0);
    service.post(
        "/manufacturers/recalling/crl",
        new JsonObject().put("crl", TestPki.crl(maker, List.of(station))));
    RunningService.Answer refused = service.postBytes(path, manifest);
    assertThat(refused.status()).isEqualTo(400);
    assertThat(refused.body().getString("detail"))
        .startsWith("signer: station: revoked by its manufacturer at ");
  }

  @Test
  void signatureWithoutContent_orWithAWeakDigest_orDamaged_isRefused() {
    assertThat(post(signed("serial\nD-1\n", "station")).body().getString("detail"))
        .startsWith("content:");
    assertThat(post(signed("serial\nD-1\n", "station", "-nodetach", "-md", "sha1"))
            .body()
            .getString("detail"))
        .contains("weak digest");
    assertThat(post(new byte[] {0x30, 3, 1, 2, 3}).status()).isEqualTo(400);
    assertThat(post("-----BEGIN CMS-----\n!!!\n-----END CMS-----\n".getBytes()).status())
        .isEqualTo(400);
  }

  @Test
  void jsonManifest_isTaken_andAgainChangesNothing() {
    byte[] manifest =
        "[{\"serial\":\"J-1\",\"tags\":{\"a\":\"b\"}},{\"serial\":\"J/2\"}]".getBytes();
    JsonObject first = post(manifest).body();
    assertThat(first.getInteger("added")).isEqualTo(1);
    assertThat(first.getInteger("refused")).isEqualTo(1);
    assertThat(first.getJsonArray("errors").getJsonObject(0).getInteger("row")).isEqualTo(2);
    JsonObject again = post(manifest).body();
    assertThat(again.getInteger("added")).isZero();
    assertThat(again.getInteger("unchanged")).isEqualTo(1);
    assertThat(post("serial,tags\nJ-1,a=b\n".getBytes()).body().getInteger("unchanged"))
        .isEqualTo(1);
    assertThat(post("serial,tags\nJ-1,a=c\n".getBytes()).body().getInteger("refused"))
        .isEqualTo(1);
  }

  /** The key of a row may be told later, but never be another one. */
  @Test
  void keyOfARow_isAddedOnce_andGuardsTheFirstEnrollment() {
    String own =
        Fingerprint.of(service.idevid("K-1").certificate().getPublicKey()).hex();
    String another = "ab".repeat(32);
    service.idevid("K-2");
    assertThat(post("serial\nK-1\nK-2\n".getBytes()).body().getInteger("added")).isEqualTo(2);
    byte[] keyed = ("serial,key\nK-1," + own + "\nK-2," + another + "\n").getBytes();
    assertThat(post(keyed).body().getInteger("added")).isEqualTo(2);
    assertThat(post(keyed).body().getInteger("unchanged")).isEqualTo(2);
    assertThat(post("serial\nK-1\n".getBytes()).body().getInteger("unchanged")).isEqualTo(1);
    JsonObject changed = post(("serial,key\nK-1," + another + "\n").getBytes()).body();
    assertThat(changed.getJsonArray("errors").getJsonObject(0).getString("reason"))
        .isEqualTo("key: announced before, with another key");

    service.enrolled("K-1", "k1");
    service.csr("k2", "/");
    assertThat(service.enroll("simpleenroll", "K-2", "k2").status()).isEqualTo(202);
    JsonObject waiting = service.get("/devices/acme-k-2").body();
    assertThat(waiting.getJsonArray("pending").getJsonObject(0).getString("reason"))
        .isEqualTo("an IDevID with another key than its manifest tells");
    assertThat(service.enroll("simpleenroll", "K-2", "k2").status()).isEqualTo(202);
    assertThat(service.post("/devices/acme-k-2/approve", new JsonObject()).status())
        .isEqualTo(200);
    assertThat(service.enroll("simpleenroll", "K-2", "k2").status()).isEqualTo(200);
  }

  @Test
  void manifestThatIsNotUtf8_isRefusedWhole() {
    assertThat(post(new byte[] {'s', 'e', 'r', 'i', 'a', 'l', '\n', 'A', (byte) 0xC0, (byte) 0xAF})
            .status())
        .isEqualTo(400);
  }

  @Test
  void serialsThatMakeOneName_areTakenOnce() {
    JsonObject taken = post("serial\nCase-1\nCASE-1\n".getBytes()).body();
    assertThat(taken.getInteger("added")).isEqualTo(1);
    assertThat(taken.getInteger("refused")).isEqualTo(1);
    assertThat(post("serial,device\nX-1,acme-case-1\n".getBytes()).body().getInteger("refused"))
        .isEqualTo(1);
  }

  @Test
  void largeManifest_isTaken_whileDevicesEnroll() throws Exception {
    int rows = Integer.getInteger("scale", 20_000);
    StringBuilder csv = new StringBuilder("serial,fleet,tags\n");
    for (int i = 0; i < rows; i++) {
      csv.append("BIG-").append(i).append(",north,batch=7\n");
    }
    byte[] manifest = csv.toString().getBytes();
    long begun = System.nanoTime();
    CompletableFuture<RunningService.Answer> taking =
        CompletableFuture.supplyAsync(() -> post(manifest));
    service.postCsv(PATH, "serial\nMEANWHILE\n");
    service.idevid("MEANWHILE");
    service.enrolled("MEANWHILE", "meanwhile");
    assertThat(taking).isNotDone();
    assertThat(taking.get(5, TimeUnit.MINUTES).body().getInteger("added")).isEqualTo(rows);
    long took = System.nanoTime() - begun;
    System.out.println("manifest of " + rows + " rows: " + took / 1_000_000 + " ms");
    assertThat(post("serial,fleet,tags\nBIG-9999,north,batch=7\n".getBytes())
            .body()
            .getInteger("unchanged"))
        .isEqualTo(1);
  }
}
