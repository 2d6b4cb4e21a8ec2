/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.idevid;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.muster.enrollment.idevid.SerialNumber.Reading;
import dev.muster.testing.TestPki;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.security.KeyPair;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.bouncycastle.asn1.ASN1Encodable;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.DERBMPString;
import org.bouncycastle.asn1.DEROctetString;
import org.bouncycastle.asn1.DERPrintableString;
import org.bouncycastle.asn1.DERSequence;
import org.bouncycastle.asn1.DERT61String;
import org.bouncycastle.asn1.DERTaggedObject;
import org.bouncycastle.asn1.DERUTF8String;
import org.bouncycastle.asn1.DERUniversalString;
import org.bouncycastle.asn1.x500.AttributeTypeAndValue;
import org.bouncycastle.asn1.x500.RDN;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x500.style.BCStyle;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Which device an IDevID is of, whoever made it, and however it was made. */
class SerialNumberTest {
  private static final KeyPair KEYS = TestPki.newKey();
  private static final X500Name EMPTY = new X500Name(new RDN[0]);

  /** A certificate with any name in any encoding. */
  private static X509Certificate idevid(X500Name subject, GeneralName... names) {
    try {
      JcaX509v3CertificateBuilder builder = new JcaX509v3CertificateBuilder(
          new X500Name("CN=Maker"),
          BigInteger.ONE,
          Date.from(Instant.EPOCH),
          Date.from(Instant.EPOCH.plusSeconds(1)),
          subject,
          KEYS.getPublic());
      if (names.length > 0) {
        builder.addExtension(
            Extension.subjectAlternativeName, subject.size() == 0, new GeneralNames(names));
      }
      return new JcaX509CertificateConverter()
          .getCertificate(builder.build(
              new JcaContentSignerBuilder("SHA256withECDSA").build(KEYS.getPrivate())));
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  private static GeneralName module(byte[] serial) {
    DERSequence module = new DERSequence(new ASN1Encodable[] {
      new ASN1ObjectIdentifier("1.3.6.1.4.1.32473.1"), new DEROctetString(serial)
    });
    DERSequence other = new DERSequence(new ASN1Encodable[] {
      new ASN1ObjectIdentifier("1.3.6.1.5.5.7.8.4"), new DERTaggedObject(true, 0, module)
    });
    return new GeneralName(GeneralName.otherName, other);
  }

  private static GeneralName module(String serial) {
    return module(serial.getBytes(StandardCharsets.ISO_8859_1));
  }

  private static GeneralName uri(String uri) {
    return new GeneralName(GeneralName.uniformResourceIdentifier, uri);
  }

  private static X500Name serialAs(ASN1Encodable value) {
    return new X500Name(new RDN[] {new RDN(BCStyle.SERIALNUMBER, value)});
  }

  private static String read(X509Certificate idevid, String rule) {
    Reading reading = SerialNumber.read(idevid, IdentityRule.of(rule));
    return reading instanceof Reading.Named named
        ? named.text()
        : "! " + ((Reading.Unreadable) reading).reason();
  }

  private static String read(X509Certificate idevid) {
    return read(idevid, "subject.serialNumber");
  }

  @Test
  void idevid_serialNumberInSubject_isRead() {
    assertThat(read(idevid(new X500Name("CN=Widget,SERIALNUMBER=SN-1")))).isEqualTo("SN-1");
  }

  @Test
  void idevid_hardwareModuleNameAlone_isRead() {
    assertThat(read(idevid(EMPTY, module("SN-1")))).isEqualTo("SN-1");
    assertThat(read(idevid(EMPTY, module("SN-1")), "san.hardwareModuleName")).isEqualTo("SN-1");
  }

  @Test
  void idevid_otherNameThatIsNone_isUnreadable() {
    ASN1ObjectIdentifier type = new ASN1ObjectIdentifier("1.3.6.1.5.5.7.8.4");
    for (DERTaggedObject value : List.of(
        new DERTaggedObject(false, 0, new DEROctetString(new byte[] {1})),
        new DERTaggedObject(true, 0, new DERSequence(type)))) {
      GeneralName name = new GeneralName(
          GeneralName.otherName, new DERSequence(new ASN1Encodable[] {type, value}));
      assertThat(read(idevid(new X500Name("SERIALNUMBER=SN-1"), name)))
          .isEqualTo("! IDevID: an otherName in its subjectAltName cannot be read");
    }
  }

  @Test
  void idevid_bothNames_mustAgree() {
    X500Name subject = new X500Name("SERIALNUMBER=SN-1");
    assertThat(read(idevid(subject, module("SN-1")))).isEqualTo("SN-1");
    assertThat(read(idevid(new X500Name("SERIALNUMBER=00FF"), module(new byte[] {0, -1}))))
        .isEqualTo("00FF");
    assertThat(read(idevid(subject, module("SN-2")))).startsWith("! ").contains("same serial");
    assertThat(read(idevid(subject, module("SN-2")), "san.hardwareModuleName")).startsWith("! ");
  }

  @Test
  void idevid_binaryModuleSerials_neverMeetATextualOne() {
    Set<String> names = Stream.of(
            module(new byte[] {1, 2}),
            module("0102"),
            module("hex.0102"),
            module("hex.01"),
            module(new byte[] {1}),
            module("a b"),
            module("612062"),
            module(new byte[0]))
        .map(name -> read(idevid(EMPTY, name)))
        .collect(Collectors.toSet());
    assertThat(names).hasSize(8).noneMatch(name -> name.startsWith("! "));
    assertThat(names).contains("hex.0102", "0102");
  }

  @Test
  void idevid_encodingOfTheText_makesNoSecondIdentity() {
    assertThat(read(idevid(serialAs(new DERPrintableString("SN-1")))))
        .isEqualTo(read(idevid(serialAs(new DERUTF8String("SN-1")))));
    for (ASN1Encodable odd : new ASN1Encodable[] {
      new DERBMPString("SN-1"),
      new DERT61String("SN-1"),
      new DERUniversalString("\0\0\0S".getBytes(StandardCharsets.ISO_8859_1))
    }) {
      assertThat(read(idevid(serialAs(odd)))).startsWith("! ").contains("string type");
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "SN 1",
        " SN-1",
        "SN-1 ",
        "",
        "S\u0301N",
        "\uff33N-1",
        "SN\u00a01",
        "SN\u20111",
        "\u202eSN-1",
        "SN\u0000",
        "SN\n1",
        "\u212a1",
        "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
      })
  void idevid_textBeyondPrintableAscii_isRefused(String serial) {
    assertThat(read(idevid(serialAs(new DERUTF8String(serial))))).startsWith("! ");
  }

  @Test
  void idevid_invalidUtf8_isRefused() {
    byte[] overlong = {0x0c, 2, (byte) 0xc0, (byte) 0xaf};
    assertThat(read(idevid(serialAs(primitive(overlong))))).startsWith("! ").contains("UTF-8");
  }

  private static ASN1Encodable primitive(byte[] der) {
    try {
      return org.bouncycastle.asn1.ASN1Primitive.fromByteArray(der);
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void idevid_twoSerialNumbers_areRefused() {
    assertThat(read(idevid(new X500Name("SERIALNUMBER=1,SERIALNUMBER=2")))).contains("2 values");
    AttributeTypeAndValue cn = new AttributeTypeAndValue(BCStyle.CN, new DERUTF8String("x"));
    AttributeTypeAndValue serial =
        new AttributeTypeAndValue(BCStyle.SERIALNUMBER, new DERUTF8String("1"));
    X500Name multi = new X500Name(new RDN[] {new RDN(new AttributeTypeAndValue[] {cn, serial})});
    assertThat(read(idevid(multi))).contains("several values");
    assertThat(read(idevid(EMPTY, module("1"), module("2")))).contains("2 hardwareModuleNames");
    assertThat(read(idevid(new X500Name("CN=only")))).contains("no serialNumber");
  }

  @Test
  void idevid_ofAPrintedFormInsideOneValue_isOneValue() {
    assertThat(read(idevid(serialAs(new DERUTF8String("x,O=Operator"))))).isEqualTo("x,O=Operator");
  }

  @ParameterizedTest
  @CsvSource({
    "subject.CN,Widget-7",
    "subject.CN=Widget-,7",
    "san.uri,urn:dev:mac:0024befffe804ff1",
    "san.uri=urn:dev:mac:,0024befffe804ff1",
    "subject.serialNumber=S,N-1",
  })
  void rule_choosesThePlace_andThePrefix(String rule, String expected) {
    X509Certificate idevid =
        idevid(new X500Name("CN=Widget-7,SERIALNUMBER=SN-1"), uri("urn:dev:mac:0024befffe804ff1"));
    assertThat(read(idevid, rule)).isEqualTo(expected);
  }

  @Test
  void rule_namesNothing_isRefused() {
    X509Certificate idevid = idevid(new X500Name("O=x"), uri("urn:a:1"), uri("urn:b:1"));
    assertThat(read(idevid, "subject.CN")).contains("no CN");
    assertThat(read(idevid, "san.uri")).contains("2 URIs");
    assertThat(read(idevid, "san.uri=urn:a:")).isEqualTo("1");
    assertThat(read(idevid, "san.uri=urn:c:")).contains("0 URIs");
    assertThat(read(idevid, "san.hardwareModuleName")).contains("no hardwareModuleName");
    assertThatThrownBy(() -> IdentityRule.of("subject.O"))
        .hasMessageContaining("expected: one of subject.serialNumber");
    assertThatThrownBy(() -> IdentityRule.of("san.uri=a b")).hasMessageContaining("no spaces");
  }
}
