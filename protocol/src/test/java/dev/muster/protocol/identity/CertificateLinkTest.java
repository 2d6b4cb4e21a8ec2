/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.protocol.identity;

import static org.assertj.core.api.Assertions.assertThat;

import dev.muster.testing.TestPki;
import java.security.KeyPair;
import java.security.cert.X509Certificate;
import org.junit.jupiter.api.Test;

class CertificateLinkTest {
  @Test
  void issued_needsBothTheNameAndTheSignature() {
    TestPki.Credential root = TestPki.root("O=Acme,CN=Root");
    X509Certificate device = root.issue("CN=SN-1").build().certificate();

    assertThat(CertificateLink.issued(root.certificate(), device)).isTrue();
    assertThat(CertificateLink.issued(root.certificate(), root.certificate())).isTrue();
    assertThat(CertificateLink.issued(device, root.certificate())).isFalse();
    assertThat(CertificateLink.issued(TestPki.root("O=Acme,CN=Root").certificate(), device))
        .as("another key of the same name")
        .isFalse();
    X509Certificate renamed = TestPki.selfSigned("O=Acme,CN=Another")
        .key(new KeyPair(root.certificate().getPublicKey(), root.key()))
        .ca()
        .build()
        .certificate();
    assertThat(CertificateLink.issued(renamed, device))
        .as("the key under another name")
        .isFalse();
  }
}
