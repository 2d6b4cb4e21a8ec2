/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.est;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.muster.protocol.est.CsrAttributes;
import dev.muster.protocol.est.CsrAttributes.Element;
import dev.muster.protocol.est.CsrTemplate;
import dev.muster.protocol.est.ExtensionWish;
import dev.muster.protocol.est.KeyWish;
import java.io.IOException;
import java.io.InputStream;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import org.bouncycastle.asn1.ASN1Encodable;
import org.bouncycastle.asn1.ASN1Integer;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.ASN1Sequence;
import org.bouncycastle.asn1.ASN1Set;
import org.bouncycastle.asn1.ASN1TaggedObject;
import org.bouncycastle.asn1.DERNull;
import org.bouncycastle.asn1.DEROctetString;
import org.bouncycastle.asn1.DERSequence;
import org.bouncycastle.asn1.DERSet;
import org.bouncycastle.asn1.pkcs.RSAPublicKey;
import org.bouncycastle.asn1.x509.AlgorithmIdentifier;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.bouncycastle.est.CSRAttributesResponse;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Against the examples of RFC 9908's authors, and against BouncyCastle as another reader. */
class CsrAttributesTest {
  private static final String SAN = "2.5.29.17";

  private static byte[] vector(String name) throws IOException {
    try (InputStream file =
        CsrAttributesTest.class.getResourceAsStream("/rfc9908/" + name + ".csrattr.der")) {
      return file.readAllBytes();
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "harkins01",
        "harkins02",
        "harkins03",
        "potato-example",
        "realistic-acp",
        "rfc7030-example01"
      })
  void est_csrattrs_examplesOfRfc9908_areReadAndWrittenAgain(String name) throws IOException {
    byte[] der = vector(name);
    assertThat(CsrAttributes.read(der).encode()).isEqualTo(der);
  }

  @Test
  void est_csrattrs_examplesOfRfc9908_meanWhatTheyDescribe() throws IOException {
    CsrAttributes rsa = CsrAttributes.read(vector("harkins01"));
    assertThat(rsa.key()).contains(KeyWish.rsa(4096));
    assertThat(rsa.wantsChannelBinding()).isTrue();
    assertThat(rsa.elements())
        .contains(new Element.Wish("1.2.840.113549.1.1.11")); // sha256WithRSAEncryption
    assertThat(CsrAttributes.read(vector("harkins02")).key()).contains(KeyWish.ec(KeyWish.P384));
    assertThat(CsrAttributes.read(vector("rfc7030-example01")).elements())
        .contains(new Element.Wish("1.3.6.1.1.1.1.22")); // macAddress
    CsrAttributes acp = CsrAttributes.read(vector("realistic-acp"));
    assertThat(acp.wantsChannelBinding()).isFalse();
    assertThat(acp.key()).isEmpty();
    assertThat(acp.extensions()).hasSize(1);
    ExtensionWish name = acp.extensions().get(0);
    assertThat(name.type()).isEqualTo(SAN);
    assertThat(name.critical()).isTrue();
    assertThat(new String(HexFormat.of().parseHex(name.value())))
        .contains("+acp.example.com".replace("+", "@"));
  }

  @Test
  void est_csrattrs_keyWish_isAnAttributeWithItsCurve() throws IOException {
    CSRAttributesResponse answer = new CSRAttributesResponse(
        CsrWishes.of(KeyWish.ec(KeyWish.P256), CsrWishes.Link.CHECKED).encode());
    assertThat(answer.hasRequirement(new ASN1ObjectIdentifier(KeyWish.EC))).isTrue();
    assertThat(answer.hasRequirement(new ASN1ObjectIdentifier(CsrAttributes.ECDSA_WITH_SHA256)))
        .isTrue();
    assertThat(answer.hasRequirement(new ASN1ObjectIdentifier(CsrAttributes.CHALLENGE_PASSWORD)))
        .isFalse();
  }

  @ParameterizedTest
  @EnumSource(CsrWishes.Link.class)
  void est_csrattrs_estIdentityLinking_isNamedInEachAnswerWhereItIsEvaluated(CsrWishes.Link link) {
    assertThat(CsrWishes.of(KeyWish.ec(KeyWish.P256), link)
            .elements()
            .contains(new Element.Wish(CsrAttributes.EST_IDENTITY_LINKING)))
        .isEqualTo(link != CsrWishes.Link.REFUSED);
  }

  /** Libest walks from one object identifier to the next, and for ever once there is none. */
  @ParameterizedTest
  @ValueSource(strings = {KeyWish.P256, KeyWish.P384, KeyWish.RSA})
  void est_csrattrs_endsWithAnObjectIdentifier_whichLibestLooksFor(String kind) {
    KeyWish key = kind.equals(KeyWish.RSA) ? KeyWish.rsa(3072) : KeyWish.ec(kind);
    for (CsrWishes.Link link : List.of(CsrWishes.Link.CHECKED, CsrWishes.Link.REQUIRED)) {
      byte[] der = CsrWishes.of(key, link).encode();
      ASN1Sequence wishes = ASN1Sequence.getInstance(der);
      assertThat(wishes.getObjectAt(wishes.size() - 1))
          .as("the last wish, link " + link)
          .isInstanceOf(ASN1ObjectIdentifier.class);
    }
  }

  @Test
  void est_csrattrs_channelBindingRequired_namesChallengePassword() throws Exception {
    byte[] der = CsrWishes.of(KeyWish.ec(KeyWish.P256), CsrWishes.Link.REQUIRED).encode();
    assertThat(new CSRAttributesResponse(der)
            .hasRequirement(new ASN1ObjectIdentifier(CsrAttributes.CHALLENGE_PASSWORD)))
        .isTrue();
    // Also for a reader of templates, who would read nothing else.
    assertThat(CsrAttributes.read(der).wantsChannelBinding()).isTrue();
    assertThat(CsrAttributes.read(der).key()).contains(KeyWish.ec(KeyWish.P256));
  }

  @Test
  void est_csrattrs_template_hasTheShapeOfRfc9908() throws IOException {
    ASN1Sequence template =
        template(CsrWishes.of(KeyWish.ec(KeyWish.P256), CsrWishes.Link.CHECKED).encode());
    assertThat(template.size()).isEqualTo(3);
    assertThat(template.getObjectAt(0)).isEqualTo(new ASN1Integer(0));
    ASN1TaggedObject key = ASN1TaggedObject.getInstance(template.getObjectAt(1));
    assertThat(key.getTagNo()).isZero();
    ASN1Sequence info = ASN1Sequence.getInstance(key, false);
    assertThat(info.size()).as("no placeholder without an RSA size").isEqualTo(1);
    AlgorithmIdentifier algorithm = AlgorithmIdentifier.getInstance(info.getObjectAt(0));
    assertThat(algorithm.getAlgorithm().getId()).isEqualTo(KeyWish.EC);
    assertThat(algorithm.getParameters()).isEqualTo(new ASN1ObjectIdentifier(KeyWish.P256));
    ASN1TaggedObject attributes = ASN1TaggedObject.getInstance(template.getObjectAt(2));
    assertThat(attributes.getTagNo()).isEqualTo(1);
    assertThat(ASN1Set.getInstance(attributes, false).size()).isZero();
  }

  @Test
  void est_csrattrs_templateForRsa_holdsAPlaceholderOfThatSize() throws IOException {
    byte[] der = CsrWishes.of(KeyWish.rsa(3072), CsrWishes.Link.CHECKED).encode();
    ASN1Sequence template = template(der);
    SubjectPublicKeyInfo info = SubjectPublicKeyInfo.getInstance(
        ASN1Sequence.getInstance(ASN1TaggedObject.getInstance(template.getObjectAt(1)), false));
    assertThat(info.getAlgorithm().getParameters()).isEqualTo(DERNull.INSTANCE);
    assertThat(RSAPublicKey.getInstance(info.parsePublicKey()).getModulus().bitLength())
        .isEqualTo(3072);
    assertThat(CsrAttributes.read(der).key()).contains(KeyWish.rsa(3072));
  }

  @Test
  void est_csrattrs_bothForms_theTemplateAloneIsFollowed() {
    CsrAttributes both = new CsrAttributes(List.of(
        new Element.Wish(CsrAttributes.CHALLENGE_PASSWORD),
        new Element.Key(KeyWish.rsa(4096)),
        new Element.Extensions(List.of(new ExtensionWish(SAN, false, "0500"))),
        new Element.Template(
            new CsrTemplate(List.of(), KeyWish.ec(KeyWish.P384), List.of(), List.of()))));
    CsrAttributes read = CsrAttributes.read(both.encode());
    assertThat(read).isEqualTo(both);
    assertThat(read.key()).contains(KeyWish.ec(KeyWish.P384));
    assertThat(read.extensions()).isEmpty();
    assertThat(read.wantsChannelBinding()).isFalse();
  }

  @Test
  void est_csrattrs_templateWithNamesAndGaps_isReadAndWrittenAgain() {
    CsrTemplate template = new CsrTemplate(
        List.of(
            new CsrTemplate.NameWish("2.5.4.3", null),
            new CsrTemplate.NameWish("2.5.4.11", "0c066d7944657074")),
        KeyWish.ec(KeyWish.P256),
        List.of(
            new ExtensionWish(SAN, false, null), new ExtensionWish("2.5.29.15", true, "030205a0")),
        List.of(CsrAttributes.CHALLENGE_PASSWORD));
    CsrAttributes wishes = new CsrAttributes(List.of(new Element.Template(template)));
    CsrAttributes read = CsrAttributes.read(wishes.encode());
    assertThat(read).isEqualTo(wishes);
    assertThat(read.wantsChannelBinding()).isTrue();
  }

  @Test
  void est_csrattrs_emptyList_isNoWish() {
    CsrAttributes none = CsrAttributes.read(new byte[] {0x30, 0});
    assertThat(none.elements()).isEmpty();
    assertThat(none.key()).isEmpty();
  }

  @Test
  void est_csrattrs_unknownAttributes_areIgnored() throws IOException {
    byte[] der = list(
        new ASN1ObjectIdentifier("1.2.3.4.5"),
        attribute("1.2.3.4.6", new ASN1Integer(7)),
        attribute(KeyWish.EC, new ASN1ObjectIdentifier(KeyWish.P256)));
    CsrAttributes read = CsrAttributes.read(der);
    assertThat(read.key()).contains(KeyWish.ec(KeyWish.P256));
    assertThat(read.encode()).isEqualTo(der);
  }

  @Test
  void est_csrattrs_keyTypeWithoutValues_isAnyOfThatType() throws IOException {
    byte[] der = list(
        new DERSequence(new ASN1Encodable[] {new ASN1ObjectIdentifier(KeyWish.RSA), new DERSet()}));
    assertThat(CsrAttributes.read(der).key()).contains(new KeyWish(KeyWish.RSA, null, 0));
  }

  @Test
  void est_csrattrs_extensionRequestTwiceOrTwofold_isRefused() throws IOException {
    ASN1Encodable extension = new DERSequence(
        new ASN1Encodable[] {new ASN1ObjectIdentifier(SAN), new DEROctetString(new byte[] {5, 0})});
    ASN1Encodable once = attribute(CsrAttributes.EXTENSION_REQUEST, new DERSequence(extension));
    assertThatThrownBy(() -> CsrAttributes.read(list(once, once)))
        .hasMessageContaining("extensionRequest");
    ASN1Encodable repeated = attribute(
        CsrAttributes.EXTENSION_REQUEST,
        new DERSequence(new ASN1Encodable[] {extension, extension}));
    assertThatThrownBy(() -> CsrAttributes.read(list(repeated))).hasMessageContaining("twice");
  }

  @Test
  void est_csrattrs_exampleOfRfc7030_isRefusedAsRfc9908ReadsIt() {
    // Its extensionRequest holds an object identifier where extensions belong.
    byte[] der = Base64.getDecoder()
        .decode("MEEGCSqGSIb3DQEJBzASBgcqhkjOPQIBMQcGBSuBBAAiMBYGCSqGSIb3DQEJDjEJ"
            + "BgcrBgEBAQEWBggqhkjOPQQDAw==");
    assertThatThrownBy(() -> CsrAttributes.read(der)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void est_csrattrs_damagedExamples_areReadOrRefused_neverWorse() throws IOException {
    Random random = new Random(42);
    byte[] whole = CsrWishes.of(KeyWish.rsa(3072), CsrWishes.Link.CHECKED).encode();
    for (int i = 0; i < 20_000; i++) {
      byte[] damaged = whole.clone();
      damaged[random.nextInt(damaged.length)] = (byte) random.nextInt();
      try {
        CsrAttributes.read(damaged).encode();
      } catch (IllegalArgumentException e) {
        assertThat(e.getMessage()).isNotEmpty();
      }
    }
  }

  private static ASN1Sequence template(byte[] der) {
    for (ASN1Encodable element : ASN1Sequence.getInstance(der)) {
      if (element instanceof ASN1Sequence attribute
          && attribute.getObjectAt(0).equals(new ASN1ObjectIdentifier(CsrAttributes.TEMPLATE))) {
        ASN1Set values = ASN1Set.getInstance(attribute.getObjectAt(1));
        assertThat(values.size()).isEqualTo(1);
        return ASN1Sequence.getInstance(values.getObjectAt(0));
      }
    }
    throw new AssertionError("no template");
  }

  private static byte[] list(ASN1Encodable... elements) throws IOException {
    return new DERSequence(elements).getEncoded("DER");
  }

  private static ASN1Encodable attribute(String type, ASN1Encodable value) {
    return new DERSequence(new ASN1Encodable[] {new ASN1ObjectIdentifier(type), new DERSet(value)});
  }
}
