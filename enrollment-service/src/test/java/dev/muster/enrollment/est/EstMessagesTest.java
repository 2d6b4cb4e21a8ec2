/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.est;

import static org.assertj.core.api.Assertions.assertThat;

import dev.muster.testing.TestPki;
import java.security.cert.X509Certificate;
import java.util.List;
import org.bouncycastle.cert.jcajce.JcaCertStore;
import org.bouncycastle.cms.CMSAbsentContent;
import org.bouncycastle.cms.CMSSignedDataGenerator;
import org.junit.jupiter.api.Test;

/** Against BouncyCastle's encoding. */
class EstMessagesTest {
  @Test
  void certsOnly_ofSeveral_isInTheOrderOfDer() throws Exception {
    List<X509Certificate> certificates = List.of(
        TestPki.root("CN=A root with a name of some length").certificate(),
        TestPki.root("CN=B").certificate(),
        TestPki.root("CN=C").certificate());
    CMSSignedDataGenerator generator = new CMSSignedDataGenerator();
    generator.addCertificates(new JcaCertStore(certificates));
    assertThat(EstMessages.certsOnly(certificates))
        .isEqualTo(generator.generate(new CMSAbsentContent()).getEncoded("DER"));
  }
}
