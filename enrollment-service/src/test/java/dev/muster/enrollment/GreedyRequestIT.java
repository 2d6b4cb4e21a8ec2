/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment;

import static org.assertj.core.api.Assertions.assertThat;

import dev.muster.testing.PeerProgram;
import dev.muster.testing.TestPki;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A genuine device asks for more than it may have, in requests that openssl makes. */
class GreedyRequestIT {
  @TempDir
  static Path folder;

  static RunningService service;
  private static int count;

  @BeforeAll
  static void start() {
    service = new RunningService(folder);
    service.addManufacturer("acme", service.factory, "auto");
    // One device may not ask so often.
    List.of("GREEDY", "WEAK", "STOLEN").forEach(service::idevid);
  }

  @AfterAll
  static void stop() {
    // The device is not held against its requests: an honest one is served.
    service.enrolled("GREEDY", "honest");
    service.assertNoDefects();
    service.close();
  }

  private static void refused(RunningService.Http answer, String... words) {
    RunningService.refused(answer, 400, words);
    assertThat(answer.body()).contains("expected");
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource(delimiter = '|', textBlock = """
          basicConstraints=critical,CA:TRUE | basicConstraints
          basicConstraints=CA:TRUE,pathlen:0 | basicConstraints
          keyUsage=critical,keyCertSign | keyUsage
          keyUsage=digitalSignature,cRLSign | keyUsage
          keyUsage=digitalSignature,keyEncipherment | keyUsage
          subjectAltName=DNS:*.example.com | subjectAltName
          subjectAltName=IP:127.0.0.1 | subjectAltName
          subjectAltName=email:root@example.com | subjectAltName
          subjectAltName=URI:urn:muster:default:acme-other | subjectAltName
          extendedKeyUsage=serverAuth | extendedKeyUsage
          extendedKeyUsage=clientAuth,serverAuth | extendedKeyUsage
          extendedKeyUsage=anyExtendedKeyUsage | extendedKeyUsage
          extendedKeyUsage=codeSigning | extendedKeyUsage
          extendedKeyUsage=OCSPSigning | extendedKeyUsage
          extendedKeyUsage=1.3.6.1.5.5.7.3.28 | extendedKeyUsage
          certificatePolicies=2.23.140.1.2.1 | certificatePolicies
          policyMappings=1.2.3:1.2.4 | policyMappings
          nameConstraints=critical,permitted;DNS:example.com | nameConstraints
          crlDistributionPoints=URI:http://example.com/a.crl | cRLDistributionPoints
          authorityInfoAccess=OCSP;URI:http://example.com | authorityInfoAccess
          1.2.3.4=critical,ASN1:UTF8String:x | 1.2.3.4
          1.2.3.4=ASN1:UTF8String:x | 1.2.3.4
          """)
  void est_simpleenroll_extensionBeyondTheProfile_is400NamingIt(String extension, String name) {
    String csr = "greedy" + count++;
    service.csr(csr, "/", "-addext", extension);
    refused(service.enroll("simpleenroll", "GREEDY", csr), name);
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource(delimiter = '|', textBlock = """
          RSA 1024 | genrsa 1024 | sha256 | publicKey
          RSA 2048 | genrsa 2048 | sha256 | publicKey
          RSA e = 3 | genrsa -3 3072 | sha256 | publicKey
          P-521 | ecparam -name secp521r1 -genkey -noout | sha512 | publicKey
          secp256k1 | ecparam -name secp256k1 -genkey -noout | sha256 | publicKey
          explicit | ecparam -name prime256v1 -param_enc explicit -genkey -noout | sha256 | named curve
          Ed448 | genpkey -algorithm ED448 | sha256 | publicKey
          SHA-1 | ecparam -name prime256v1 -genkey -noout | sha1 | signatureAlgorithm
          SHA-224 | ecparam -name prime256v1 -genkey -noout | sha224 | signatureAlgorithm
          MD5 | genrsa 3072 | md5 | signatureAlgorithm
          """)
  void est_simpleenroll_weakKeyOrSignature_is400NamingIt(
      String name, String command, String digest, String word) {
    String csr = "weak" + count++;
    List<String> arguments = new ArrayList<>(List.of(command.split(" ")));
    int options = command.startsWith("genrsa") ? arguments.size() - 1 : arguments.size();
    arguments.addAll(options, List.of("-out", csr + ".key"));
    PeerProgram.require("openssl").run(folder, arguments.toArray(String[]::new)).expectSuccess();
    service.csrWithKey(csr, csr + ".key", "/", "-" + digest);
    refused(service.enroll("simpleenroll", "WEAK", csr), word);
  }

  @Test
  void est_simpleenroll_keyOfSomebodyElse_isRefused() {
    service.idevid("FIRST");
    service.enrolled("FIRST", "first");
    TestPki.write(folder, "factory-ca", service.factory);
    PeerProgram.require("openssl")
        .run(
            folder,
            "pkcs12",
            "-in",
            "ca/device-ca.p12",
            "-passin",
            "file:ca/password",
            "-nodes",
            "-nocerts",
            "-out",
            "our-ca.key")
        .expectSuccess();
    for (String key : List.of("STOLEN", "FIRST", "first", "factory-ca", "our-ca")) {
      service.csrWithKey("stolen-" + key, key + ".key", "/");
      RunningService.Http answer = service.enroll("simpleenroll", "STOLEN", "stolen-" + key);
      assertThat(answer.status()).as(key + ": " + answer).isIn(400, 403);
      assertThat(answer.body()).as(key).contains("key");
    }
  }

  @Test
  void cert_issued_isSoundToOpensslAndStrongswan() {
    service.idevid("SOUND");
    X509Certificate issued = service.enrolled("SOUND", "sound");
    PeerProgram openssl = PeerProgram.require("openssl");
    service.write("device-ca.pem", TestPki.pem(List.of(service.authorities.deviceCa())));
    assertThat(openssl
            .run(
                folder,
                "verify",
                "-x509_strict",
                "-purpose",
                "sslclient",
                "-CAfile",
                "root.pem",
                "-untrusted",
                "device-ca.pem",
                "sound.pem")
            .expectSuccess()
            .stdout())
        .contains("OK");
    String text = openssl
        .run(folder, "x509", "-in", "sound.pem", "-noout", "-text")
        .expectSuccess()
        .stdout();
    assertThat(text)
        .contains("Version: 3 (0x2)", "URI:urn:muster:default:acme-sound", "prime256v1")
        .contains(
            "X509v3 Key Usage: critical", "Digital Signature", "TLS Web Client Authentication")
        .doesNotContain("CA:TRUE", "Key Encipherment", "TLS Web Server Authentication", "Widget");
    assertThat(text.lines().filter(line -> line.contains("Signature Algorithm: ")))
        .hasSize(2)
        .allMatch(line -> line.contains("ecdsa-with-SHA256"));
    assertThat(issued.getSubjectX500Principal().getName())
        .isEqualTo("OU=device,O=default,CN=acme-sound");
    String printed = PeerProgram.require("pki")
        .run(folder, "--print", "--in", "sound.pem")
        .expectSuccess()
        .stdout();
    assertThat(printed).contains("CN=acme-sound", "flags:     clientAuth \n");
  }
}
