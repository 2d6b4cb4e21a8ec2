/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment;

import static org.assertj.core.api.Assertions.assertThat;

import dev.muster.protocol.file.Pem;
import dev.muster.testing.PeerProgram;
import dev.muster.testing.TestPki;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a stranger with curl and openssl can do. */
class EstByHandIT {
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

  @Test
  void cacerts_withoutCertificate_givesRootAndIssuingCas() {
    RunningService.Http answer = service.curl(null, service.est("cacerts"));
    assertThat(answer.status()).isEqualTo(200);
    assertThat(answer.header("Content-Type"))
        .contains("application/pkcs7-mime; smime-type=certs-only");
    assertThat(answer.header("Content-Transfer-Encoding")).contains("base64");
    assertThat(answer.header("Content-Length")).contains("" + answer.body().length());
    assertThat(answer.body()).doesNotContain("\n");
    service.write("cas.p7", Base64.getDecoder().decode(answer.body()));
    String certificates = PeerProgram.require("openssl")
        .run(folder, "pkcs7", "-inform", "DER", "-in", "cas.p7", "-print_certs")
        .expectSuccess()
        .stdout();
    assertThat(certificates).contains("Muster Root CA", "Muster Device CA", "Muster Service CA");
  }

  /** OpenSSL's decoder, which libest has, reads no long lines; strongSwan's reads nothing else. */
  @Test
  void est_cacerts_askedByLibest_isInLinesThatItsDecoderReads() {
    assertThat(inLines(
            service.curl(null, "--user-agent", "libest 3.2.0p", service.est("cacerts")), 20))
        .contains("Muster Root CA", "Muster Device CA", "Muster Service CA");
  }

  @Test
  void est_simpleenroll_askedByLibest_isInLinesThatItsDecoderReads() {
    service.idevid("LIBEST");
    service.csr("libest", "/");
    RunningService.Http answer = service.curl(
        "LIBEST",
        "--user-agent",
        "libest 3.2.0p",
        "-H",
        "Content-Type: application/pkcs10",
        "--data-binary",
        "@libest.b64",
        service.est("simpleenroll"));
    assertThat(answer.status()).isEqualTo(200);
    assertThat(inLines(answer, 8)).contains("CN = acme-libest");
  }

  /** What openssl finds in the answer, line by line. */
  private static String inLines(RunningService.Http answer, int least) {
    assertThat(answer.header("Content-Length")).contains("" + answer.body().length());
    assertThat(answer.body().lines())
        .hasSizeGreaterThan(least)
        .allMatch(line -> line.length() <= 64);
    service.write("lines.txt", answer.body());
    PeerProgram openssl = PeerProgram.require("openssl");
    openssl.run(folder, "base64", "-d", "-in", "lines.txt", "-out", "lines.p7").expectSuccess();
    return openssl
        .run(folder, "pkcs7", "-inform", "DER", "-in", "lines.p7", "-print_certs")
        .expectSuccess()
        .stdout();
  }

  @Test
  void cacerts_withLabel_answersForKnownFleetsOnly() {
    assertThat(service.curl(null, service.est("default/cacerts")).status()).isEqualTo(200);
    assertThat(service.curl(null, service.est("nowhere/cacerts")).status()).isEqualTo(404);
    assertThat(service.curl(null, service.est("cacerts/cacerts")).status()).isEqualTo(404);
    assertThat(service.curl(null, service.est("a/b/cacerts")).status()).isEqualTo(404);
    assertThat(service.curl(null, service.est("serverkeygen")).status()).isEqualTo(404);
  }

  @Test
  void est_csrattrs_withoutCertificate_parsesWithOpensslAndWishesForP256() {
    RunningService.Http answer = service.curl(null, service.est("csrattrs"));
    assertThat(answer.status()).isEqualTo(200);
    assertThat(answer.header("Content-Type")).contains("application/csrattrs");
    service.write("attrs.der", Base64.getDecoder().decode(answer.body()));
    String parsed = PeerProgram.require("openssl")
        .run(folder, "asn1parse", "-inform", "DER", "-in", "attrs.der")
        .expectSuccess()
        .stdout();
    assertThat(parsed).contains("id-ecPublicKey", "prime256v1", "ecdsa-with-SHA256");
    assertThat(HexFormat.of().formatHex(service.read("attrs.der")))
        .as("the template of RFC 9908, 3.4: id-aa-certificationRequestInfoTemplate")
        .contains("060b2a864886f70d010910023d");
  }

  @Test
  void simpleenroll_genuineDevice_getsCertificateThatChains() {
    service.idevid("SN-0001");
    X509Certificate issued = service.enrolled("SN-0001", "ldev1");
    // With what cacerts tells, and nothing else.
    Map<Boolean, List<X509Certificate>> cas =
        service.unpackAll(service.curl(null, service.est("cacerts")), "cas").stream()
            .collect(Collectors.partitioningBy(
                ca -> ca.getSubjectX500Principal().equals(ca.getIssuerX500Principal())));
    assertThat(cas.get(true)).containsExactly(service.authorities.root());
    service.write("cas-root.pem", Pem.of(cas.get(true)));
    service.write("cas-others.pem", Pem.of(cas.get(false)));
    PeerProgram openssl = PeerProgram.require("openssl");
    assertThat(openssl
            .run(
                folder,
                "verify",
                "-x509_strict",
                "-purpose",
                "sslclient",
                "-CAfile",
                "cas-root.pem",
                "-untrusted",
                "cas-others.pem",
                "ldev1.pem")
            .expectSuccess()
            .stdout())
        .contains("OK");
    String text = openssl
        .run(folder, "x509", "-in", "ldev1.pem", "-noout", "-text", "-nameopt", "RFC2253")
        .expectSuccess()
        .stdout();
    assertThat(text)
        .contains("Subject: OU=device,O=default,CN=acme-sn-0001")
        .contains("URI:urn:muster:default:acme-sn-0001")
        .contains("TLS Web Client Authentication")
        .contains("http://localhost:" + service.service().httpPort() + "/crl/device/1.crl");
    assertThat(issued.getSerialNumber().bitLength()).isEqualTo(159);
    assertThat(service.get("/devices/acme-sn-0001").body().getString("status")).isEqualTo("active");
  }

  @Test
  void simpleenroll_sameKeyAgain_returnsTheSameCertificate() {
    service.idevid("SN-0002");
    X509Certificate first = service.enrolled("SN-0002", "ldev2");
    service.csrWithKey("again", "ldev2.key", "/CN=SN-0002");
    X509Certificate second =
        service.unpack(service.enroll("default/simpleenroll", "SN-0002", "again"), "again");
    assertThat(second).isEqualTo(first);
  }

  @Test
  void simpleenroll_subjectOfTheIdevidCopied_isAccepted() {
    service.idevid("SN-0003");
    service.csr("copied", "/CN=Widget/serialNumber=SN-0003");
    X509Certificate issued =
        service.unpack(service.enroll("simpleenroll", "SN-0003", "copied"), "copied-cert");
    assertThat(issued.getSubjectX500Principal().getName())
        .isEqualTo("OU=device,O=default,CN=acme-sn-0003");
  }

  @Test
  void simplereenroll_withNewKey_getsAnotherCertificate_andOverTls12() {
    service.idevid("SN-0004");
    X509Certificate first = service.enrolled("SN-0004", "ldev4");
    service.csr("renew4", "/CN=acme-sn-0004/O=default/OU=device");
    RunningService.Http answer = service.curl(
        "ldev4",
        "--tls-max",
        "1.2",
        "-H",
        "Content-Type: application/pkcs10",
        "--data-binary",
        "@renew4.b64",
        service.est("simplereenroll"));
    assertThat(answer.status()).isEqualTo(200);
    X509Certificate second = service.unpack(answer, "renew4");
    assertThat(second.getSubjectX500Principal()).isEqualTo(first.getSubjectX500Principal());
    assertThat(second.getPublicKey()).isNotEqualTo(first.getPublicKey());
    // And from there on to the next one.
    service.csr("renew5", "/");
    assertThat(service.enroll("simplereenroll", "renew4", "renew5").status()).isEqualTo(200);
  }

  @Test
  void simplereenroll_sameKeyOrOtherNames_isRefused() {
    service.idevid("SN-0005");
    service.enrolled("SN-0005", "ldev5");
    service.csrWithKey("samekey", "ldev5.key", "/");
    RunningService.Http reused = service.enroll("simplereenroll", "ldev5", "samekey");
    assertThat(reused.status()).isEqualTo(400);
    assertThat(reused.body()).contains("publicKey").contains("new key");
    service.csr("othername", "/CN=acme-sn-0001/O=default/OU=device");
    assertThat(service.enroll("simplereenroll", "ldev5", "othername").status()).isEqualTo(400);
    service.csr("reordered", "/OU=device/O=default/CN=acme-sn-0005");
    assertThat(service.enroll("simplereenroll", "ldev5", "reordered").status()).isEqualTo(400);
  }

  @Test
  void est_fullcmc_post_isNotImplemented_andOthersNotAllowed() {
    service.write("cmc.b64", "MAA=");
    RunningService.Http answer = service.curl(
        null,
        "-H",
        "Content-Type: application/pkcs7-mime; smime-type=CMC-request",
        "--data-binary",
        "@cmc.b64",
        service.est("fullcmc"));
    assertThat(answer.status()).isEqualTo(501);
    assertThat(answer.header("Content-Type").orElseThrow()).startsWith("text/plain");
    RunningService.Http get = service.curl(null, service.est("fullcmc"));
    assertThat(get.status()).isEqualTo(405);
    assertThat(get.header("Allow")).contains("POST");
  }

  @Test
  void est_cacerts_head_isTheAnswerWithoutItsBody() {
    RunningService.Http get = service.curl(null, service.est("cacerts"));
    RunningService.Http head = service.curl(null, "--head", service.est("cacerts"));
    assertThat(head.status()).isEqualTo(200);
    assertThat(head.header("Content-Length")).isEqualTo(get.header("Content-Length"));
    assertThat(head.header("Content-Type")).isEqualTo(get.header("Content-Type"));
    RunningService.Http refused = service.curl(null, "--head", service.est("simpleenroll"));
    assertThat(refused.status()).isEqualTo(405);
    assertThat(refused.header("Allow")).contains("POST");
  }

  @Test
  void est_cacerts_http10_isAnswered() {
    assertThat(service.curl(null, "--http1.0", service.est("cacerts")).status()).isEqualTo(200);
  }

  @Test
  void bodyForms_linesAndTabsAndChunks_areRead() {
    service.idevid("SN-0006");
    service.csr("forms", "/");
    String wrapped = service.text("forms.b64").replaceAll("(.{10})", "$1\t\r\n ");
    service.write("wrapped.b64", wrapped);
    RunningService.Http answer = service.curl(
        "SN-0006",
        "-H",
        "Content-Type: Application/PKCS10; charset=x",
        "-H",
        "Content-Transfer-Encoding: binary",
        "-H",
        "Transfer-Encoding: chunked",
        "-H",
        "Expect: 100-continue",
        "--data-binary",
        "@wrapped.b64",
        service.est("simpleenroll"));
    assertThat(answer.status()).isEqualTo(200);
  }

  @Test
  void keyTypes_p384AndRsa3072_areCertified() {
    PeerProgram openssl = PeerProgram.require("openssl");
    openssl.run(folder, "ecparam", "-name", "secp384r1", "-genkey", "-noout", "-out", "p384.key");
    openssl.run(
        folder,
        "genpkey",
        "-algorithm",
        "RSA",
        "-pkeyopt",
        "rsa_keygen_bits:3072",
        "-out",
        "rsa.key");
    for (String kind : new String[] {"p384", "rsa"}) {
      service.idevid("KT-" + kind);
      service.csrWithKey(kind + "-csr", kind + ".key", "/");
      RunningService.Http answer = service.enroll("simpleenroll", "KT-" + kind, kind + "-csr");
      assertThat(answer.status()).as(kind + answer.body()).isEqualTo(200);
    }
  }

  @Test
  void crl_isValidForOpenssl_andCacheable() {
    RunningService.Http answer = service.curl(null, service.crl("device"));
    assertThat(answer.header("content-type").or(() -> answer.header("Content-Type")))
        .contains("application/pkix-crl");
    PeerProgram.require("curl")
        .run(folder, "-sSf", "-o", "device.crl", service.crl("device"))
        .expectSuccess();
    service.write("ca-chain.pem", TestPki.pem(List.of(service.authorities.deviceCa())));
    PeerProgram openssl = PeerProgram.require("openssl");
    assertThat(openssl
            .run(
                folder,
                "crl",
                "-inform",
                "DER",
                "-in",
                "device.crl",
                "-CAfile",
                "ca-chain.pem",
                "-noout",
                "-text")
            .expectSuccess()
            .output())
        .contains(
            "verify OK", "X509v3 CRL Number", "Next Update", "X509v3 Authority Key Identifier");
    String tag = answer.header("ETag").orElseThrow();
    assertThat(service
            .curl(null, "-H", "If-None-Match: " + tag, service.crl("device"))
            .status())
        .isEqualTo(304);
    assertThat(service.curl(null, service.crl("nobody")).status()).isEqualTo(404);
    assertThat(service.curl(null, "-X", "POST", service.crl("device")).status()).isEqualTo(405);
  }
}
