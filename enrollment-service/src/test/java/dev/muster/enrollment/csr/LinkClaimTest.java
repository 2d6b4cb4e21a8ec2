/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.csr;

import static org.assertj.core.api.Assertions.assertThat;

import dev.muster.testing.TestPki;
import java.security.KeyPair;
import java.util.List;
import java.util.function.UnaryOperator;
import org.bouncycastle.asn1.ASN1Encodable;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.DERBMPString;
import org.bouncycastle.asn1.DERIA5String;
import org.bouncycastle.asn1.DERPrintableString;
import org.bouncycastle.asn1.DERUTF8String;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.pkcs.PKCS10CertificationRequestBuilder;
import org.bouncycastle.pkcs.jcajce.JcaPKCS10CertificationRequestBuilder;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** How a request may name its connection (RFC 7030, 3.5; RFC 7894, 3). */
class LinkClaimTest {
  private static final ASN1ObjectIdentifier CHALLENGE =
      new ASN1ObjectIdentifier("1.2.840.113549.1.9.7");
  private static final ASN1ObjectIdentifier LINKING =
      new ASN1ObjectIdentifier("1.2.840.113549.1.9.16.2.58");

  private static CsrCheck check(UnaryOperator<PKCS10CertificationRequestBuilder> attributes)
      throws Exception {
    KeyPair keys = TestPki.newKey();
    return new CsrVerifier()
        .verify(attributes
            .apply(new JcaPKCS10CertificationRequestBuilder(new X500Name(""), keys.getPublic()))
            .build(new JcaContentSignerBuilder("SHA256withECDSA").build(keys.getPrivate()))
            .getEncoded());
  }

  @Test
  void est_link_printableAndUtf8String_areRead() throws Exception {
    CsrCheck check = check(builder -> builder
        .addAttribute(CHALLENGE, new DERPrintableString("AAAA"))
        .addAttribute(LINKING, new DERUTF8String("BBBB")));
    assertThat(((CsrCheck.Accepted) check).csr().links())
        .containsExactlyInAnyOrder(
            new LinkClaim("challengePassword", "AAAA"),
            new LinkClaim("estIdentityLinking", "BBBB"));
  }

  static List<Arguments> refused() {
    return List.of(
        Arguments.of("BMPString", CHALLENGE, new ASN1Encodable[] {new DERBMPString("AAAA")}),
        Arguments.of("IA5String", LINKING, new ASN1Encodable[] {new DERIA5String("AAAA")}),
        Arguments.of("empty", CHALLENGE, new ASN1Encodable[] {new DERUTF8String("")}),
        Arguments.of("no value", LINKING, new ASN1Encodable[] {}),
        Arguments.of("long", LINKING, new ASN1Encodable[] {new DERUTF8String("A".repeat(256))}),
        Arguments.of("two", LINKING, new ASN1Encodable[] {
          new DERUTF8String("AAAA"), new DERUTF8String("BBBB")
        }));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("refused")
  void est_link_otherForm_isRefusedNamingTheAttribute(
      String name, ASN1ObjectIdentifier type, ASN1Encodable[] values) throws Exception {
    CsrCheck check = check(builder -> builder.addAttribute(type, values));
    assertThat(check)
        .isInstanceOfSatisfying(
            CsrCheck.Refused.class,
            refused -> assertThat(refused.field())
                .isEqualTo(type.equals(CHALLENGE) ? "challengePassword" : "estIdentityLinking"));
  }

  @Test
  void est_link_attributeTwice_isRefused() throws Exception {
    CsrCheck check = check(builder -> builder
        .addAttribute(CHALLENGE, new DERUTF8String("AAAA"))
        .addAttribute(CHALLENGE, new DERUTF8String("BBBB")));
    assertThat(check).isInstanceOf(CsrCheck.Refused.class);
    assertThat(((CsrCheck.Refused) check).message()).contains("twice");
  }
}
