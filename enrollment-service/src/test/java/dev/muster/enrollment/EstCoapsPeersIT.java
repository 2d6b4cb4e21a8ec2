/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment;

import static org.assertj.core.api.Assertions.assertThat;

import dev.muster.enrollment.estcoaps.EstCoapsConfig;
import dev.muster.protocol.file.Pem;
import dev.muster.testing.PeerProgram;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** EST over CoAP with clients we did not write: libcoap with GnuTLS and with OpenSSL. */
class EstCoapsPeersIT {
  private static final String GNUTLS = "coap-client-gnutls";
  private static final String OPENSSL = "coap-client-openssl";

  @TempDir
  static Path folder;

  private static RunningService service;

  @BeforeAll
  static void start() {
    service = new RunningService(
        folder, config -> RunningService.with(config, EstCoapsConfig.on("127.0.0.1", 0)));
    assertThat(service.addManufacturer("acme", service.factory, "auto").status())
        .isEqualTo(201);
  }

  @AfterAll
  static void stop() {
    service.close();
  }

  @ParameterizedTest
  @ValueSource(strings = {GNUTLS, OPENSSL})
  void estCoaps_libcoap_enrollsBlockwiseAndRenews(String client) throws Exception {
    String serial = "SN-" + client;
    idevid(serial);
    service.csr(serial + "-new", "/");

    coap(client, serial, "crts.p7", "-m", "get", url("crts"));
    coap(client, serial, "first.p7", post("281", serial + "-new", "sen"));
    X509Certificate first = unpack("first");

    PeerProgram openssl = PeerProgram.require("openssl");
    openssl
        .run(folder, "pkcs7", "-inform", "DER", "-in", "crts.p7", "-print_certs", "-out", "cas.pem")
        .expectSuccess();
    openssl
        .run(folder, "verify", "-CAfile", "root.pem", "-untrusted", "cas.pem", "first.pem")
        .expectSuccess();

    Files.copy(folder.resolve("first.pem"), folder.resolve(serial + "-new.pem"));
    service.csr(serial + "-renewed", "/");
    coap(client, serial + "-new", "second.der", post("287", serial + "-renewed", "sren"));
    openssl
        .run(folder, "x509", "-inform", "DER", "-in", "second.der", "-out", "second.pem")
        .expectSuccess();
    X509Certificate second = Pem.certificates(service.text("second.pem")).get(0);
    assertThat(second.getSubjectX500Principal()).isEqualTo(first.getSubjectX500Principal());
    assertThat(second.getSerialNumber()).isNotEqualTo(first.getSerialNumber());
  }

  /** GnuTLS reads no key of EC without its public half, which Java leaves out. */
  private static void idevid(String serial) {
    service.idevid(serial);
    String key = serial + ".key";
    PeerProgram.require("openssl")
        .run(folder, "ec", "-in", key, "-out", "whole.key")
        .expectSuccess();
    service.write(key, service.read("whole.key"));
  }

  private static String[] post(String accept, String csr, String operation) {
    return new String[] {
      "-m", "post", "-t", "286", "-A", accept, "-b", "64", "-f", csr + ".der", url(operation)
    };
  }

  private static String url(String operation) {
    return "coaps://localhost:" + service.service().coapsPort().getAsInt() + "/.well-known/est/"
        + operation;
  }

  private static X509Certificate unpack(String name) {
    PeerProgram.require("openssl")
        .run(
            folder,
            "pkcs7",
            "-inform",
            "DER",
            "-in",
            name + ".p7",
            "-print_certs",
            "-out",
            name + ".pem")
        .expectSuccess();
    List<X509Certificate> certificates = Pem.certificates(service.text(name + ".pem"));
    assertThat(certificates).hasSize(1);
    return certificates.get(0);
  }

  /** What it says besides the answer; it ends well whatever the answer is. */
  private static String coap(String client, String credential, String out, String... more)
      throws Exception {
    Files.deleteIfExists(folder.resolve(out));
    List<String> arguments = new ArrayList<>(List.of(
        "-B",
        "10",
        "-c",
        credential + ".pem",
        "-j",
        credential + ".key",
        "-C",
        "root.pem",
        "-R",
        "root.pem",
        "-o",
        out));
    arguments.addAll(List.of(more));
    PeerProgram.Result result =
        PeerProgram.require(client).run(folder, arguments.toArray(String[]::new));
    return result.stdout() + result.stderr();
  }
}
