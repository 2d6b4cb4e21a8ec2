/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.crypto;

import static org.assertj.core.api.Assertions.assertThat;

import dev.muster.testing.TestPki;
import java.io.OutputStream;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PublicKey;
import java.security.Security;
import java.security.cert.X509Certificate;
import java.util.Date;
import java.util.List;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.jce.provider.BouncyCastleProvider;
import org.bouncycastle.operator.ContentSigner;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
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

  /** By that name, Conscrypt has no such algorithm. */
  @Test
  void certificate_signedWithRsaPss_isUnderstood() throws Exception {
    KeyPair pair = KeyPairGenerator.getInstance("RSA").generateKeyPair();
    X500Name name = new X500Name("CN=PSS");
    X509Certificate certificate = new JcaX509CertificateConverter()
        .getCertificate(new JcaX509v3CertificateBuilder(
                name, BigInteger.ONE, new Date(0), new Date(1), name, pair.getPublic())
            .build(new JcaContentSignerBuilder("SHA256withRSAandMGF1")
                .setProvider(new BouncyCastleProvider())
                .build(pair.getPrivate())));
    assertThat(certificate.getSigAlgName()).isEqualTo("RSASSA-PSS");
    PublicKey other = KeyPairGenerator.getInstance("RSA").generateKeyPair().getPublic();
    both().forEach(crypto -> {
      assertThat(crypto.signed(pair.getPublic(), certificate)).isTrue();
      assertThat(crypto.signed(other, certificate)).isFalse();
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
