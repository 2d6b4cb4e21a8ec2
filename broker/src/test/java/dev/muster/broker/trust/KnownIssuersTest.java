/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.trust;

import static org.assertj.core.api.Assertions.assertThat;

import dev.muster.testing.TestPki;
import java.io.ByteArrayInputStream;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.Map;
import org.junit.jupiter.api.Test;

class KnownIssuersTest {
  private static final TestPki.Credential CA = TestPki.root("CN=Device CA");
  private static final TestPki.Credential SAME_NAME = TestPki.root("CN=Device CA");
  private static final IssuingAuthorities OURS =
      IssuingAuthorities.of(Map.of("device", CA.certificate()));

  private final KnownIssuers issuers = new KnownIssuers();

  private static X509Certificate device(TestPki.Credential ca, String name) {
    return ca.issue("CN=" + name + ",OU=device").build().certificate();
  }

  @Test
  void issuer_isFound_andAgain_alsoOfACopy() throws Exception {
    X509Certificate leaf = device(CA, "d1");
    assertThat(issuers.issuerOf(leaf, OURS)).hasValue("device");
    assertThat(issuers.issuerOf(leaf, OURS)).hasValue("device");
    assertThat(issuers.issuerOf(read(leaf.getEncoded()), OURS)).hasValue("device");
    assertThat(issuers.size()).isEqualTo(1);
  }

  @Test
  void anotherCaOfTheSameName_isNotOurs_andNotRemembered() {
    X509Certificate leaf = device(SAME_NAME, "d1");
    assertThat(issuers.issuerOf(leaf, OURS)).isEmpty();
    assertThat(issuers.issuerOf(leaf, OURS)).isEmpty();
    assertThat(issuers.size()).isZero();
  }

  @Test
  void knownCertificate_withOneBitOfItsSignatureTurned_isAnother() throws Exception {
    X509Certificate leaf = device(CA, "d1");
    assertThat(issuers.issuerOf(leaf, OURS)).hasValue("device");
    byte[] turned = leaf.getEncoded();
    turned[turned.length - 1] ^= 1;
    assertThat(issuers.issuerOf(read(turned), OURS)).isEmpty();
  }

  @Test
  void caThatIsLetInNoMore_vouchesForNobody_andOneThatIsBackDoes() {
    X509Certificate leaf = device(CA, "d1");
    assertThat(issuers.issuerOf(leaf, OURS)).hasValue("device");
    IssuingAuthorities others = IssuingAuthorities.of(Map.of(
        "device", SAME_NAME.certificate(), "service", TestPki.root("CN=S").certificate()));
    assertThat(issuers.issuerOf(leaf, others)).isEmpty();
    IssuingAuthorities both = IssuingAuthorities.of(
        Map.of("device", SAME_NAME.certificate(), "device-2", CA.certificate()));
    assertThat(issuers.issuerOf(leaf, both)).as("by its id of today").hasValue("device-2");
  }

  @Test
  void asMany_areRemembered_asItHasRoomFor() {
    KnownIssuers two = new KnownIssuers(2);
    for (String name : new String[] {"d1", "d2", "d3"}) {
      assertThat(two.issuerOf(device(CA, name), OURS)).hasValue("device");
    }
    assertThat(two.size()).isEqualTo(2);
  }

  private static X509Certificate read(byte[] der) throws Exception {
    return (X509Certificate)
        CertificateFactory.getInstance("X.509").generateCertificate(new ByteArrayInputStream(der));
  }
}
