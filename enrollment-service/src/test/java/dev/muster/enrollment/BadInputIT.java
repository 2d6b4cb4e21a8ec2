/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment;

import static dev.muster.enrollment.RunningService.refused;
import static org.assertj.core.api.Assertions.assertThat;

import dev.muster.enrollment.authority.ServiceCredential;
import dev.muster.protocol.file.Pem;
import dev.muster.testing.PeerProgram;
import dev.muster.testing.TestPki;
import java.io.IOException;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Random;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.Extension;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Everything that must not get a certificate, and must not hurt anybody else. */
class BadInputIT {
  @TempDir
  static Path folder;

  static RunningService service;

  @BeforeAll
  static void start() {
    service = new RunningService(folder);
    service.addManufacturer("acme", service.factory, "auto");
    service.idevid("GOOD");
    service.csr("good", "/");
  }

  @AfterAll
  static void stop() {
    // Whatever was thrown at it, an honest device is still served.
    service.idevid("LAST");
    service.enrolled("LAST", "last");
    service.assertNoDefects();
    service.close();
  }

  @Test
  void noClientCertificate_is401() {
    refused(service.enroll("simpleenroll", null, "good"), 401, "client certificate: none");
    refused(service.enroll("simplereenroll", null, "good"), 401, "client certificate: none");
  }

  @Test
  void unknownCaWithTheRightNames_is401() {
    TestPki.Credential rogue = TestPki.root("O=Acme,CN=Acme Device Root");
    TestPki.write(folder, "rogue", rogue.issue("CN=Widget,SERIALNUMBER=GOOD").build());
    refused(service.enroll("simpleenroll", "rogue", "good"), 401, "issued by nobody we know");
    TestPki.Credential ownRogue =
        TestPki.root(service.authorities.deviceCa().getSubjectX500Principal().getName());
    TestPki.write(
        folder, "rogue2", ownRogue.issue("OU=device,O=default,CN=acme-good").build());
    refused(service.enroll("simplereenroll", "rogue2", "good"), 401, "issued by nobody we know");
  }

  @Test
  void expiredAndFutureIdevids_are401() {
    Instant now = Instant.now();
    TestPki.write(
        folder,
        "expired",
        service
            .factory
            .issue("SERIALNUMBER=EXP")
            .validity(now.minus(Duration.ofDays(2)), now.minus(Duration.ofDays(1)))
            .build());
    refused(service.enroll("simpleenroll", "expired", "good"), 401, "expired");
    TestPki.write(
        folder,
        "future",
        service
            .factory
            .issue("SERIALNUMBER=FUT")
            .validity(now.plus(Duration.ofDays(1)), now.plus(Duration.ofDays(2)))
            .build());
    refused(service.enroll("simpleenroll", "future", "good"), 401, "not yet valid");
  }

  @Test
  void certificatesOfTheWrongKind_are401() {
    TestPki.write(
        folder,
        "server-purpose",
        service.factory.issue("SERIALNUMBER=SRV").server().build());
    refused(service.enroll("simpleenroll", "server-purpose", "good"), 401, "clientAuth");
    TestPki.Credential leaf = service.factory.issue("SERIALNUMBER=LEAF").build();
    TestPki.write(folder, "below-leaf", leaf.issue("SERIALNUMBER=BELOW").build());
    refused(service.enroll("simpleenroll", "below-leaf", "good"), 401, "chain");
    TestPki.write(
        folder,
        "subca",
        service
            .factory
            .issue("SERIALNUMBER=CA")
            .withoutUsages()
            .extension(Extension.basicConstraints, new BasicConstraints(true))
            .build());
    refused(service.enroll("simpleenroll", "subca", "good"), 401, "that of a CA");
    TestPki.write(folder, "nameless", service.factory.issue("CN=Widget").build());
    refused(service.enroll("simpleenroll", "nameless", "good"), 401, "serialNumber");
  }

  @Test
  void idevidBelowAnIntermediate_isAccepted() {
    TestPki.Credential intermediate =
        service.factory.issue("O=Acme,CN=Line 1").ca().build();
    TestPki.write(folder, "SUB-1", intermediate.issue("SERIALNUMBER=SUB-1").build());
    service.enrolled("SUB-1", "sub1");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "a/b|403|expected: 1 to 63 of [A-Za-z0-9._-]",
        "a+|403|expected: 1 to 63 of [A-Za-z0-9._-]",
        "#|403|expected: 1 to 63 of [A-Za-z0-9._-]",
        "a b|401|expected: 1 to 64 printable ASCII characters",
        "*1|403|expected: 1 to 63 of [A-Za-z0-9._-]",
        "64 of x|403|expected: 1 to 63 of [A-Za-z0-9._-]",
        "65 of x|401|expected: 1 to 64 printable ASCII characters",
      })
  void serialNumbersThatMakeNoSafeName_areRefused(String serial, int status, String words) {
    String number =
        serial.endsWith(" of x") ? "x".repeat(Integer.parseInt(serial.substring(0, 2))) : serial;
    int before = devices();
    refused(enrolled(number), status, words);
    assertThat(devices()).as("of none").isEqualTo(before);
  }

  /** What is a name of a folder elsewhere is none here. */
  @Test
  void serialNumberOfDots_makesADeviceOfItsOwn() {
    RunningService.Http answer = enrolled("..");
    assertThat(service.unpack(answer, "dots").getSubjectX500Principal().getName())
        .endsWith("CN=acme-..");
    assertThat(service.get("/devices/acme-..").body().getString("serial")).isEqualTo("..");
  }

  private static RunningService.Http enrolled(String serial) {
    service.csr("unsafe", "/");
    String escaped = serial.replace("+", "\\+").replace("#", "\\#");
    TestPki.write(
        folder, "unsafe-id", service.factory.issue("SERIALNUMBER=" + escaped).build());
    return service.enroll("simpleenroll", "unsafe-id", "unsafe");
  }

  private static int devices() {
    return service.get("/devices?limit=1000").body().getJsonArray("devices").size();
  }

  @Test
  void wrongCertificateForTheOperation_is403() {
    service.idevid("KIND");
    service.csr("kind2", "/");
    refused(service.enroll("simplereenroll", "KIND", "kind2"), 403, "IDevID");
    service.enrolled("KIND", "kind-ldev");
    refused(service.enroll("simpleenroll", "kind-ldev", "kind2"), 403, "LDevID");
    ServiceCredential consumer =
        service.authorities.issueService("reader", "consumer", null, Clock.systemUTC());
    service.write("consumer.pem", consumer.chainPem());
    service.write("consumer.key", consumer.keyPem());
    refused(service.enroll("simpleenroll", "consumer", "kind2"), 403, "service");
    refused(service.enroll("simplereenroll", "consumer", "kind2"), 403, "service");
  }

  @Test
  void csrNotDer_is400() {
    service.write(
        "text.b64", Base64.getEncoder().encodeToString("not DER".getBytes(StandardCharsets.UTF_8)));
    refused(service.enroll("simpleenroll", "GOOD", "text"), 400, "CSR: not DER");
    byte[] der = service.read("good.der");
    byte[] longer = Arrays.copyOf(der, der.length + 1);
    service.write("longer.b64", Base64.getEncoder().encodeToString(longer));
    refused(service.enroll("simpleenroll", "GOOD", "longer"), 400, "CSR: not DER");
    service.write("raw.b64", der);
    refused(service.enroll("simpleenroll", "GOOD", "raw"), 400, "not base64");
    service.write("empty.b64", " ");
    refused(service.enroll("simpleenroll", "GOOD", "empty"), 400, "empty");
    // 3,000 sequences in each other: parsers that recurse die of it.
    byte[] nested = new byte[8000];
    for (int i = 0, left = nested.length; left >= 4; i += 4, left -= 4) {
      nested[i] = 0x30;
      nested[i + 1] = (byte) 0x82;
      nested[i + 2] = (byte) (left - 4 >> 8);
      nested[i + 3] = (byte) (left - 4);
    }
    service.write("nested.b64", Base64.getEncoder().encodeToString(nested));
    refused(service.enroll("simpleenroll", "GOOD", "nested"), 400, "CSR: not DER");
  }

  @Test
  void csrOfOneMegabyte_is413_whetherAnnouncedOrNot() {
    byte[] big = new byte[1024 * 1024];
    Arrays.fill(big, (byte) 'A');
    service.write("big.b64", big);
    refused(service.enroll("simpleenroll", "GOOD", "big"), 413, "16384");
    refused(
        service.curl(
            "GOOD",
            "-H",
            "Content-Type: application/pkcs10",
            "-H",
            "Transfer-Encoding: chunked",
            "-H",
            "Expect:",
            "--data-binary",
            "@big.b64",
            service.est("simpleenroll")),
        413,
        "16384");
  }

  @Test
  void csrSignedByAnotherKey_is400() {
    byte[] der = service.read("good.der");
    der[der.length - 1] ^= 1;
    service.write("badsig.b64", Base64.getEncoder().encodeToString(der));
    refused(service.enroll("simpleenroll", "GOOD", "badsig"), 400, "signature");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "basicConstraints=CA:TRUE|basicConstraints",
        "keyUsage=keyCertSign|keyUsage",
        "extendedKeyUsage=serverAuth|extendedKeyUsage",
        "extendedKeyUsage=clientAuth,1.3.6.1.5.5.7.3.28|extendedKeyUsage",
        "subjectAltName=DNS:example.org|subjectAltName",
        "subjectAltName=URI:urn:muster:default:acme-other|subjectAltName",
        "certificatePolicies=1.2.3.4|certificatePolicies",
      })
  void csrThatAsksForPrivileges_is400(String extension, String field) {
    service.csr("greedy", "/", "-addext", extension);
    refused(service.enroll("simpleenroll", "GOOD", "greedy"), 400, field);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "/CN=acme-other|CN",
        "/CN=SN-9999|CN",
        "/CN=acme-good/O=elsewhere|O:",
        "/OU=service|OU",
        "/CN=GOOD/CN=other|several values",
        "/C=US/CN=GOOD|subject",
        "/CN=ACME-GOOD|CN",
      })
  void csrWithAnotherName_is400(String subject, String field) {
    service.csr("named", subject);
    refused(service.enroll("simpleenroll", "GOOD", "named"), 400, field);
  }

  @Test
  void csrWithMultiValuedName_is400() {
    service.csr("multi", "/CN=GOOD+O=default", "-multivalue-rdn");
    refused(service.enroll("simpleenroll", "GOOD", "multi"), 400, "several values");
  }

  @Test
  void csrWithChallengePassword_is400_andSaysWhy() {
    service.write(
        "challenge.cnf",
        "[req]\nprompt=no\ndistinguished_name=dn\nattributes=at\n[dn]\n"
            + "CN=GOOD\n[at]\nchallengePassword=c2VjcmV0\n");
    PeerProgram.require("openssl")
        .run(
            folder,
            "req",
            "-new",
            "-config",
            "challenge.cnf",
            "-key",
            "good.key",
            "-outform",
            "DER",
            "-out",
            "challenge.der")
        .expectSuccess();
    service.write(
        "challenge.b64", Base64.getEncoder().encodeToString(service.read("challenge.der")));
    refused(
        service.enroll("simpleenroll", "GOOD", "challenge"),
        400,
        "challengePassword",
        "channel binding");
  }

  @Test
  void weakAndForeignKeys_are400() {
    PeerProgram openssl = PeerProgram.require("openssl");
    openssl.run(
        folder,
        "genpkey",
        "-algorithm",
        "RSA",
        "-pkeyopt",
        "rsa_keygen_bits:2048",
        "-out",
        "rsa2048.key");
    openssl.run(folder, "ecparam", "-name", "secp256k1", "-genkey", "-noout", "-out", "k1.key");
    openssl.run(
        folder,
        "ecparam",
        "-name",
        "prime256v1",
        "-genkey",
        "-noout",
        "-param_enc",
        "explicit",
        "-out",
        "explicit.key");
    for (String key : List.of("rsa2048", "k1", "explicit")) {
      service.csrWithKey("weak", key + ".key", "/");
      refused(service.enroll("simpleenroll", "GOOD", "weak"), 400, "publicKey");
    }
    service.csrWithKey("factorykey", "GOOD.key", "/");
    refused(service.enroll("simpleenroll", "GOOD", "factorykey"), 400, "IDevID");
    service.idevid("OWNER");
    service.enrolled("OWNER", "owned");
    service.csrWithKey("stolen", "owned.key", "/");
    refused(service.enroll("simpleenroll", "GOOD", "stolen"), 400, "in use by another");
  }

  @Test
  void wrongMethodTypeOrLength_areTold() {
    RunningService.Http get = service.curl("GOOD", service.est("simpleenroll"));
    refused(get, 405, "POST");
    assertThat(get.header("Allow")).contains("POST");
    assertThat(service.curl(null, "-X", "DELETE", service.est("cacerts")).header("Allow"))
        .contains("GET, HEAD");
    refused(
        service.curl(
            "GOOD",
            "-H",
            "Content-Type: text/plain",
            "--data-binary",
            "@good.b64",
            service.est("simpleenroll")),
        415,
        "application/pkcs10");
    refused(
        service.curl(
            "GOOD",
            "-X",
            "POST",
            "-H",
            "Content-Type: application/pkcs10",
            service.est("simpleenroll")),
        411,
        "Content-Length");
    refused(service.curl(null, service.est("nonsense")), 404, "not found");
  }

  @Test
  void garbageOnBothPorts_hurtsNobody() throws IOException {
    byte[] garbage = new byte[4096];
    new Random(7).nextBytes(garbage);
    for (int port : new int[] {service.service().estPort(), service.service().httpPort()}) {
      try (Socket socket = new Socket("127.0.0.1", port)) {
        socket.setSoTimeout(30_000);
        socket.getOutputStream().write(garbage);
        socket.getOutputStream().flush();
        socket.shutdownOutput();
        socket.getInputStream().readAllBytes();
      } catch (SocketException e) {
        // Reset by the server, which is as good as closed.
        assertThat(e).hasMessageContaining("reset");
      }
    }
    assertThat(service.curl(null, service.est("cacerts")).status()).isEqualTo(200);
    assertThat(service.curl(null, service.crl("device")).status()).isEqualTo(200);
  }

  @Test
  void oldTlsAndHttp2_areNotOffered() {
    PeerProgram curl = PeerProgram.require("curl");
    assertThat(curl.run(
                folder,
                "-sS",
                "--cacert",
                "root.pem",
                "--tls-max",
                "1.1",
                "--ciphers",
                "DEFAULT@SECLEVEL=0",
                service.est("cacerts"))
            .exitCode())
        .isNotZero();
    assertThat(curl.run(
                folder,
                "-sS",
                "--cacert",
                "root.pem",
                "--http2",
                "-o",
                "h2.txt",
                "-w",
                "%{http_version}",
                service.est("cacerts"))
            .stdout())
        .isEqualTo("1.1");
  }

  @Test
  void ownCaAsManufacturer_isRefused() {
    RunningService.Answer answer = service.post(
        "/manufacturers",
        new io.vertx.core.json.JsonObject()
            .put("name", "trick")
            .put("ca", Pem.of(List.of(service.authorities.deviceCa())))
            .put("admission", "auto"));
    assertThat(answer.status()).isEqualTo(400);
    assertThat(answer.body().getString("detail")).contains("one of our own");
  }
}
