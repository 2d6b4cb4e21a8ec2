/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.hardware.tpm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.muster.testing.TestPki;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.List;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.junit.jupiter.api.Test;

/** What a maker's CA may have certified beside TPMs: nothing of it passes for one. */
class EndorsementCertificateTest {
  private static final KeyPurposeId OF_ENDORSEMENT_KEYS =
      KeyPurposeId.getInstance(new ASN1ObjectIdentifier("2.23.133.8.1"));

  private final TestPki.Credential maker = TestPki.root("CN=Maker");

  private TestPki.Builder certificate(int bits, int keyUsage) {
    return maker
        .issue("CN=TPM")
        .withoutUsages()
        .key(rsa(bits))
        .extension(Extension.keyUsage, new KeyUsage(keyUsage));
  }

  private static KeyPair rsa(int bits) {
    try {
      KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
      generator.initialize(bits);
      return generator.generateKeyPair();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  private static TestPki.Builder purpose(TestPki.Builder certificate, KeyPurposeId purpose) {
    return certificate.extension(Extension.extendedKeyUsage, new ExtendedKeyUsage(purpose));
  }

  private Endorsement verify(TestPki.Builder certificate) {
    X509Certificate built = certificate.build().certificate();
    try {
      return Endorsement.verify(built.getEncoded(), List.of(maker.certificate()), Instant.now());
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void verify_asTcgDescribesIt_isTaken() {
    assertThat(verify(certificate(2048, KeyUsage.keyEncipherment)).certificate())
        .isNotNull();
    assertThat(verify(purpose(certificate(2048, KeyUsage.keyEncipherment), OF_ENDORSEMENT_KEYS))
            .certificate())
        .isNotNull();
  }

  @Test
  void verify_certificateForSomethingElse_isRefused() {
    for (TestPki.Builder other : List.of(
        certificate(2048, KeyUsage.digitalSignature),
        certificate(2048, KeyUsage.keyEncipherment)
            .extension(Extension.basicConstraints, new BasicConstraints(true)),
        purpose(certificate(2048, KeyUsage.keyEncipherment), KeyPurposeId.id_kp_serverAuth),
        maker.issue("CN=TPM").withoutUsages().key(rsa(2048)))) {
      assertThatThrownBy(() -> verify(other))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageStartingWith("the TPM's endorsement certificate is for something else");
    }
  }

  @Test
  void verify_otherOrWeakerKey_isRefused() {
    assertThatThrownBy(() -> verify(certificate(1024, KeyUsage.keyEncipherment)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("the TPM's endorsement key: RSA of 1024 bits (expected: RSA of 2048 or more)");
    assertThatThrownBy(
            () -> verify(certificate(1024, KeyUsage.keyEncipherment).key(TestPki.newKey())))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("the TPM's endorsement key: EC (expected: RSA of 2048 or more)");
  }
}
