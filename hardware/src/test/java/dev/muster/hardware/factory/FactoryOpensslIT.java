/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.hardware.factory;

import static org.assertj.core.api.Assertions.assertThat;

import dev.muster.protocol.identity.FleetName;
import dev.muster.testing.PeerProgram;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What openssl, which shares no code with us, says about the files of a factory. */
final class FactoryOpensslIT {
  @TempDir
  Path folder;

  private PeerProgram openssl;

  @BeforeEach
  void issueOne() {
    openssl = PeerProgram.require("openssl");
    Factory.init(folder.resolve("factory"), "Acme Sensors", Clock.systemUTC())
        .issue("SN-0001", folder.resolve("device"));
  }

  @Test
  void idevid_verifiesAsATlsClient() {
    String output = run(
        "verify",
        "-x509_strict",
        "-purpose",
        "sslclient",
        "-CAfile",
        "factory/ca.pem",
        "device/device.pem");
    assertThat(output).contains("device/device.pem: OK");
  }

  @Test
  void idevid_showsTheProfile() {
    String text = run("x509", "-in", "device/device.pem", "-noout", "-text");
    assertThat(text)
        .contains("Subject: O = Acme Sensors, serialNumber = SN-0001")
        .contains("Issuer: O = Acme Sensors, CN = Manufacturer CA")
        .contains("Not After : Dec 31 23:59:59 9999 GMT")
        .contains("ASN1 OID: prime256v1")
        .containsPattern("X509v3 Key Usage: critical\\s+Digital Signature\n")
        .contains("X509v3 Subject Key Identifier", "X509v3 Authority Key Identifier")
        .doesNotContain("Extended Key Usage", "Basic Constraints");
    assertThat(run("asn1parse", "-in", "device/device.pem"))
        .containsPattern("OBJECT\\s+:serialNumber\\n.*PRINTABLESTRING\\s+:SN-0001");
  }

  @Test
  void authority_showsTheProfile() {
    assertThat(run("x509", "-in", "factory/ca.pem", "-noout", "-text"))
        .containsPattern("X509v3 Basic Constraints: critical\\s+CA:TRUE, pathlen:0")
        .containsPattern("X509v3 Key Usage: critical\\s+Certificate Sign, CRL Sign")
        .contains("Not After : Dec 31 23:59:59 9999 GMT")
        .contains("X509v3 Subject Key Identifier");
  }

  @Test
  void keys_belongToTheirCertificates() {
    assertThat(run("pkey", "-in", "device/device.key", "-pubout"))
        .isEqualTo(run("x509", "-in", "device/device.pem", "-pubkey", "-noout"));
    assertThat(run("pkey", "-in", "factory/ca.key", "-pubout"))
        .isEqualTo(run("x509", "-in", "factory/ca.pem", "-pubkey", "-noout"));
  }

  @Test
  void p12_opensWithTheDocumentedPassword() {
    String password = "pass:" + Factory.P12_PASSWORD;
    String content = run("pkcs12", "-in", "device/device.p12", "-passin", password, "-noenc");
    assertThat(content).contains("BEGIN PRIVATE KEY", "SN-0001", "Manufacturer CA");
  }

  @Test
  void manifest_verifiesAsCms_andListsWhatWasIssued() throws IOException {
    Factory factory = Factory.open(folder.resolve("factory"), Clock.systemUTC());
    factory.issue("SN-0002", folder.resolve("device2"));
    assertThat(factory.manifest(new FleetName("north"), folder.resolve("m.p7m")))
        .isEqualTo(2);
    // The purpose is checked, too: openssl wants a signer of mail by default.
    run(
        "cms",
        "-verify",
        "-binary",
        "-inform",
        "DER",
        "-in",
        "m.p7m",
        "-CAfile",
        "factory/ca.pem",
        "-out",
        "m.csv");
    assertThat(Files.readString(folder.resolve("m.csv")))
        .isEqualTo("serial,fleet,key\nSN-0001,north," + keyOf("device") + "\nSN-0002,north,"
            + keyOf("device2") + "\n");
  }

  private String keyOf(String device) {
    run("x509", "-in", device + "/device.pem", "-noout", "-pubkey", "-out", "key.pem");
    run("pkey", "-pubin", "-in", "key.pem", "-outform", "DER", "-out", "key.der");
    return run("dgst", "-sha256", "-r", "key.der").split(" ")[0];
  }

  private String run(String... arguments) {
    return openssl.run(folder, arguments).expectSuccess().stdout();
  }
}
