/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.protocol.file;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.muster.testing.TestPki;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.cert.X509Certificate;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class PemTest {
  private static final X509Certificate ROOT = TestPki.root("CN=Root").certificate();
  private static final X509Certificate OTHER = TestPki.root("CN=Other").certificate();

  @Test
  void certificates_written_areAsBouncyCastleWritesThem() {
    assertThat(Pem.of(List.of(ROOT, OTHER))).isEqualTo(TestPki.pem(List.of(ROOT, OTHER)));
  }

  @Test
  void certificates_amongOtherText_areReadInTheirOrder() {
    String text = "subject=CN=Other\r\n" + Pem.of(List.of(OTHER)).replace("\n", "\r\n")
        + Pem.of(TestPki.newKey().getPrivate()) + "\nsubject=CN=Root\n" + Pem.of(List.of(ROOT));
    assertThat(Pem.certificates(text)).containsExactly(OTHER, ROOT);
  }

  @Test
  void certificates_none_saysWhatWasExpected() {
    for (String text : List.of("", "junk", "\0\0", Pem.of(TestPki.newKey().getPrivate()))) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> Pem.certificates(text))
          .withMessage("no certificate (expected: PEM, BEGIN CERTIFICATE)");
    }
  }

  @Test
  void certificates_oneCutOff_areRefusedAsAWhole() {
    String whole = Pem.of(List.of(ROOT));
    String cut = whole.substring(0, whole.length() / 2);
    for (String text : List.of(cut, whole + cut, cut + whole)) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> Pem.certificates(text))
          .withMessage("BEGIN CERTIFICATE without its END (expected: PEM)");
    }
  }

  @Test
  void certificates_damaged_areRefused() {
    String whole = Pem.of(List.of(ROOT));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Pem.certificates(whole.substring(0, 60) + "%" + whole.substring(61)))
        .withMessage("certificate is not base64 (expected: PEM)");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Pem.certificates(whole.replaceFirst("\nM", "\nA")))
        .withMessage("not a certificate (expected: X.509 as PEM)");
    assertThatIllegalArgumentException()
        .isThrownBy(
            () -> Pem.certificates("-----BEGIN CERTIFICATE-----\n\n-----END CERTIFICATE-----\n"))
        .withMessage("not a certificate (expected: X.509 as PEM)");
  }

  @ParameterizedTest
  @ValueSource(strings = {"EC", "RSA", "Ed25519"})
  void privateKey_writtenAndRead_isTheSame(String algorithm) throws Exception {
    KeyPair keys = KeyPairGenerator.getInstance(algorithm).generateKeyPair();
    String text = Pem.of(keys.getPrivate());
    assertThat(text).isEqualTo(TestPki.pem(keys.getPrivate()));
    assertThat(Pem.privateKey(text)).isEqualTo(keys.getPrivate());
  }

  @Test
  void privateKey_ofAnotherForm_isRefusedWithAHint() {
    String text = Pem.of(TestPki.newKey().getPrivate());
    for (String label : List.of("EC PRIVATE KEY", "ENCRYPTED PRIVATE KEY", "RSA PRIVATE KEY")) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> Pem.privateKey(text.replace("PRIVATE KEY", label)))
          .withMessage("no private key (expected: unencrypted PKCS#8 PEM"
              + "; convert it with: openssl pkcs8 -topk8 -nocrypt)");
    }
  }

  @Test
  void privateKey_noneTwoOrDamaged_isRefused() {
    String text = Pem.of(TestPki.newKey().getPrivate());
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Pem.privateKey(Pem.of(List.of(ROOT))))
        .withMessage("no private key (expected: unencrypted PKCS#8 PEM)");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Pem.privateKey(text + text))
        .withMessage("2 private keys (expected: one)");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Pem.privateKey(text.replaceFirst("\nM", "\nA")))
        .withMessage("not a key (expected: EC, EdDSA or RSA, PKCS#8 PEM)");
    assertThatIllegalArgumentException()
        .isThrownBy(
            () -> Pem.privateKey("-----BEGIN PRIVATE KEY-----\n=\n-----END PRIVATE KEY-----\n"))
        .withMessage("private key is not base64 (expected: PEM)");
  }

  @Test
  void certificationRequest_byEitherName_isRead() {
    String text = "-----BEGIN CERTIFICATE REQUEST-----\nAQID\n-----END CERTIFICATE REQUEST-----\n";
    assertThat(Pem.certificationRequest(text)).containsExactly(1, 2, 3);
    assertThat(Pem.certificationRequest(text.replace("CERTIFICATE", "NEW CERTIFICATE")))
        .containsExactly(1, 2, 3);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Pem.certificationRequest(text + text))
        .withMessageStartingWith("2 certification requests (expected: one");
  }
}
