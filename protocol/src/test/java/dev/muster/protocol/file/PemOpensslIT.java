/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.protocol.file;

import static org.assertj.core.api.Assertions.assertThat;

import dev.muster.testing.PeerProgram;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class PemOpensslIT {
  @Test
  void openssl_keyAndCertificate_areRead(@TempDir Path folder) throws Exception {
    Path key = folder.resolve("key.pem");
    Path certificate = folder.resolve("cert.pem");
    PeerProgram.require("openssl")
        .run(
            folder,
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
            "-text",
            "-subj",
            "/CN=openssl",
            "-keyout",
            key.toString(),
            "-out",
            certificate.toString())
        .expectSuccess();
    X509Certificate read = PemFile.certificates(certificate).get(0);
    assertThat(KeyMatch.belongTogether(PemFile.privateKey(key), read.getPublicKey()))
        .isTrue();
    assertThat(Files.readString(certificate)).endsWith(Pem.of(List.of(read)));
  }
}
