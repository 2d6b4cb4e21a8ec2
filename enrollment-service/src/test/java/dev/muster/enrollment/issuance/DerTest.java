/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.issuance;

import static org.assertj.core.api.Assertions.assertThat;

import org.bouncycastle.asn1.ASN1Encoding;
import org.bouncycastle.asn1.DERBitString;
import org.bouncycastle.asn1.DEROctetString;
import org.bouncycastle.asn1.DERSequence;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Against BouncyCastle's encoding, where the form of a length changes. */
class DerTest {
  @ParameterizedTest
  @ValueSource(ints = {0, 1, 127, 128, 255, 256, 65_535, 65_536, 16_777_216})
  void lengths_areWrittenAsShortAsTheyGo(int length) throws Exception {
    DEROctetString octets = new DEROctetString(new byte[length]);
    assertThat(Der.of(4, new byte[length])).isEqualTo(octets.getEncoded());
    assertThat(Der.bitString(new byte[length]))
        .isEqualTo(new DERBitString(new byte[length]).getEncoded(ASN1Encoding.DER));
    assertThat(Der.sequence(octets.getEncoded(), octets.getEncoded()))
        .isEqualTo(new DERSequence(new DEROctetString[] {octets, octets}).getEncoded());
  }
}
