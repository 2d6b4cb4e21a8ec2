/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.protocol.identity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.SplittableRandom;
import java.util.stream.LongStream;
import javax.security.auth.x500.X500Principal;
import org.bouncycastle.asn1.ASN1Encodable;
import org.bouncycastle.asn1.DERBMPString;
import org.bouncycastle.asn1.DERPrintableString;
import org.bouncycastle.asn1.DERT61String;
import org.bouncycastle.asn1.DERUTF8String;
import org.bouncycastle.asn1.x500.AttributeTypeAndValue;
import org.bouncycastle.asn1.x500.RDN;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x500.style.BCStyle;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class DeviceSubjectTest {
  private static final DeviceSubject SUBJECT =
      new DeviceSubject(new FleetName("plant-a"), new DeviceId("acme-sn1"));

  @Test
  void toPrincipal_readBack_isTheSame() {
    assertThat(DeviceSubject.of(SUBJECT.toPrincipal())).isEqualTo(SUBJECT);
    assertThat(SUBJECT.toPrincipal().getName()).isEqualTo("OU=device,O=plant-a,CN=acme-sn1");
    assertThat(SUBJECT.toUrn()).hasToString("urn:muster:plant-a:acme-sn1");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "CN=acme-sn1,O=plant-a",
        "CN=acme-sn1,O=plant-a,OU=operator",
        "CN=acme-sn1,O=plant-a,OU=device,L=Berlin",
        "CN=acme-sn1,CN=acme-sn2,O=plant-a,OU=device",
        "CN=acme-sn1,CN=acme-sn1,OU=device",
        "CN=acme-sn1+O=plant-a,OU=device",
        "CN=acme-sn1+CN=acme-sn2,O=plant-a,OU=device",
        "CN=ACME-SN1,O=plant-a,OU=device",
        "CN=acme-sn1,O=plant-a,OU=Device",
        "CN=acme-sn1\\,O=plant-b,O=plant-a,OU=device",
        "CN=fleets/+,O=plant-a,OU=device",
        "CN=,O=plant-a,OU=device",
        "OU=device"
      })
  void of_anotherForm_isRefused(String name) {
    assertThatThrownBy(() -> DeviceSubject.of(new X500Principal(name)))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void of_sameTextInAnotherStringType_isOneIdentityOrNone() throws IOException {
    assertThat(DeviceSubject.of(named(new DERPrintableString("acme-sn1")))).isEqualTo(SUBJECT);
    assertThat(DeviceSubject.of(named(new DERUTF8String("acme-sn1")))).isEqualTo(SUBJECT);
    assertThatThrownBy(() -> DeviceSubject.of(named(new DERBMPString("acme-sn1"))))
        .hasMessageContaining("string type 0x1e");
    assertThatThrownBy(() -> DeviceSubject.of(named(new DERT61String("acme-sn1"))))
        .hasMessageContaining("string type 0x14");
  }

  private static X500Principal named(ASN1Encodable commonName) throws IOException {
    RDN[] names = {
      new RDN(new AttributeTypeAndValue(BCStyle.CN, commonName)),
      new RDN(BCStyle.O, new DERUTF8String("plant-a")),
      new RDN(BCStyle.OU, new DERUTF8String("device"))
    };
    return new X500Principal(new X500Name(names).getEncoded());
  }

  @ParameterizedTest(name = "seed {0}")
  @MethodSource("seeds")
  void parse_mutatedDer_throwsNothingButIllegalArgument(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    byte[] der = SUBJECT.toPrincipal().getEncoded().clone();
    for (int i = 0; i < 1 + random.nextInt(4); i++) {
      der[random.nextInt(der.length)] = (byte) random.nextInt(256);
    }
    try {
      assertThat(DistinguishedName.parse(der).size()).isBetween(0, der.length);
    } catch (IllegalArgumentException expected) {
      assertThat(expected).hasMessageStartingWith("name: ");
    }
  }

  static LongStream seeds() {
    return Long.getLong("seed") == null
        ? LongStream.range(0, 300)
        : LongStream.of(Long.getLong("seed"));
  }
}
