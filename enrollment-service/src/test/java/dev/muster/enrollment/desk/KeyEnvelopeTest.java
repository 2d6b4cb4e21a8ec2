/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.desk;

import static org.assertj.core.api.Assertions.assertThat;

import dev.muster.enrollment.csr.KeyProtection;
import dev.muster.testing.TestPki;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.cert.X509Certificate;
import java.util.HexFormat;
import java.util.List;
import org.bouncycastle.cert.jcajce.JcaX509ExtensionUtils;
import org.junit.jupiter.api.Test;

class KeyEnvelopeTest {
  private final TestPki.Credential client = TestPki.selfSigned("CN=client").build();

  @Test
  void est_serverkeygen_secretKeyNamed_isRefused() {
    KeyEnvelope.Choice choice = KeyEnvelope.choose(
        new KeyProtection("0102", null, List.of("2.16.840.1.101.3.4.1.45")), client.certificate());
    assertThat(((KeyEnvelope.Choice.Impossible) choice).refusal().message())
        .startsWith("decryptKeyIdentifier: no secret key");
  }

  @Test
  void est_serverkeygen_keyNamedWithoutClientCertificate_isRefused() {
    KeyEnvelope.Choice choice =
        KeyEnvelope.choose(new KeyProtection(null, "0102", List.of()), null);
    assertThat(choice).isInstanceOf(KeyEnvelope.Choice.Impossible.class);
  }

  @Test
  void est_serverkeygen_keyThatNothingCanBeEncryptedTo_isRefused() throws Exception {
    KeyPair pair = KeyPairGenerator.getInstance("Ed25519").generateKeyPair();
    X509Certificate signing = TestPki.root("CN=CA")
        .issue("CN=signs")
        .key(pair)
        .withoutUsages()
        .build()
        .certificate();
    String keyId = HexFormat.of()
        .formatHex(new JcaX509ExtensionUtils()
            .createSubjectKeyIdentifier(pair.getPublic())
            .getKeyIdentifier());
    KeyProtection wish =
        new KeyProtection(null, keyId, List.of("2.16.840.1.101.3.4.1.42", "1.2.840.113549.1.1.1"));
    KeyEnvelope.Choice choice = KeyEnvelope.choose(wish, signing);
    assertThat(((KeyEnvelope.Choice.Impossible) choice).refusal().message())
        .contains("key of the client certificate (expected: one of RSA, or on a NIST curve)");
  }

  @Test
  void est_serverkeygen_noKeyNamed_isPlain() {
    assertThat(KeyEnvelope.choose(new KeyProtection(null, null, List.of()), client.certificate()))
        .isInstanceOf(KeyEnvelope.Choice.Plain.class);
  }
}
