/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.crypto;

import static org.assertj.core.api.Assertions.assertThat;

import dev.muster.testing.TestPki;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.Security;
import java.util.List;
import org.bouncycastle.operator.ContentSigner;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CryptoProvidersTest {
  private static final byte[] TEXT = "to be signed".getBytes(StandardCharsets.UTF_8);

  @ParameterizedTest
  @CsvSource({
    "EC, SHA256withECDSA",
    "EC, SHA384withECDSA",
    "RSA, SHA256withRSA",
    "Ed25519, Ed25519",
  })
  void signature_isUnderstoodByTheOtherProvider(String keyAlgorithm, String algorithm)
      throws Exception {
    KeyPair pair = KeyPairGenerator.getInstance(keyAlgorithm).generateKeyPair();
    for (CryptoProviders signing : both()) {
      for (CryptoProviders verifying : both()) {
        byte[] signature = sign(signing, algorithm, pair);
        assertThat(verifying.verifies(algorithm, pair.getPublic(), TEXT, signature))
            .isTrue();
        signature[signature.length - 1] ^= 1;
        assertThat(verifying.verifies(algorithm, pair.getPublic(), TEXT, signature))
            .isFalse();
      }
    }
  }

  private static byte[] sign(CryptoProviders crypto, String algorithm, KeyPair pair)
      throws Exception {
    ContentSigner signer = crypto.signer(algorithm, pair.getPrivate());
    write(signer.getOutputStream());
    return signer.getSignature();
  }

  private static void write(OutputStream out) throws Exception {
    try (out) {
      out.write(TEXT);
    }
  }

  @Test
  void certificates_areSignedByTheirIssuersAlone() {
    TestPki.Credential root = TestPki.root("CN=Root");
    TestPki.Credential leaf = root.issue("CN=Leaf").build();
    TestPki.Credential other = TestPki.root("CN=Root");
    both().forEach(crypto -> {
      assertThat(crypto.signed(root.certificate().getPublicKey(), leaf.certificate()))
          .isTrue();
      assertThat(crypto.signed(other.certificate().getPublicKey(), leaf.certificate()))
          .isFalse();
    });
  }

  @Test
  void conscrypt_isNeverAmongTheProvidersOfTheJvm() {
    assertThat(CryptoProviders.fastest()).hasToString("Conscrypt 2.9.0");
    assertThat(Security.getProviders())
        .noneMatch(provider -> provider.getName().equals("Conscrypt"));
  }

  private static List<CryptoProviders> both() {
    return List.of(CryptoProviders.jdk(), CryptoProviders.fastest());
  }
}
