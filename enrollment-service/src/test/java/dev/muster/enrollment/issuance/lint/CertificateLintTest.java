/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.issuance.lint;

import static org.assertj.core.api.Assertions.assertThat;

import dev.muster.enrollment.authority.CertificateAuthorities;
import dev.muster.enrollment.issuance.CertificateProfile;
import dev.muster.enrollment.issuance.StatusUrls;
import dev.muster.protocol.identity.DeviceId;
import dev.muster.protocol.identity.DeviceSubject;
import dev.muster.protocol.identity.FleetName;
import dev.muster.testing.TestPki;
import java.math.BigInteger;
import java.net.URI;
import java.nio.file.Path;
import java.security.KeyPairGenerator;
import java.security.PublicKey;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.bouncycastle.asn1.ASN1Encodable;
import org.bouncycastle.asn1.ASN1GeneralizedTime;
import org.bouncycastle.asn1.ASN1Integer;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.ASN1UTCTime;
import org.bouncycastle.asn1.DERBMPString;
import org.bouncycastle.asn1.DERBitString;
import org.bouncycastle.asn1.DERNull;
import org.bouncycastle.asn1.DERPrintableString;
import org.bouncycastle.asn1.DERSequence;
import org.bouncycastle.asn1.DERTaggedObject;
import org.bouncycastle.asn1.DERUTF8String;
import org.bouncycastle.asn1.ocsp.OCSPObjectIdentifiers;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x500.X500NameBuilder;
import org.bouncycastle.asn1.x500.style.BCStyle;
import org.bouncycastle.asn1.x509.AccessDescription;
import org.bouncycastle.asn1.x509.AlgorithmIdentifier;
import org.bouncycastle.asn1.x509.AuthorityInformationAccess;
import org.bouncycastle.asn1.x509.AuthorityKeyIdentifier;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.CRLDistPoint;
import org.bouncycastle.asn1.x509.DistributionPoint;
import org.bouncycastle.asn1.x509.DistributionPointName;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.asn1.x509.ReasonFlags;
import org.bouncycastle.asn1.x509.SubjectKeyIdentifier;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.bouncycastle.asn1.x9.X9ObjectIdentifiers;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Every rule bites on the fault that it is there for, and on nothing that we make. */
class CertificateLintTest {
  private static final int VERSION = 0;
  private static final int SERIAL = 1;
  private static final int ALGORITHM = 2;
  private static final int ISSUER = 3;
  private static final int VALIDITY = 4;
  private static final int SUBJECT = 5;
  private static final int KEY = 6;
  private static final int EXTENSIONS = 7;
  private static final Duration YEARS = Duration.ofDays(4000);
  private static final PublicKey P256 = TestPki.newKey().getPublic();
  private static final StatusUrls STATUS = new StatusUrls(
      URI.create("http://localhost:8080/crl/device.crl"),
      URI.create("http://localhost:8080/ocsp/device"),
      URI.create("http://localhost:8080/ca/device.cer"));

  @TempDir
  static Path folder;

  static CertificateAuthorities authorities;
  static CertificateLint lint;
  static byte[] device;
  static byte[] service;
  static byte[] server;
  static byte[] signer;

  @BeforeAll
  static void makeCertificates() throws Exception {
    CertificateAuthorities.create(folder.resolve("ca"), Clock.systemUTC());
    authorities = CertificateAuthorities.open(folder.resolve("ca"));
    lint = new CertificateLint(authorities.deviceCa());
    DeviceSubject subject = new DeviceSubject(new FleetName("plant-1"), new DeviceId("acme-1"));
    Duration month = Duration.ofDays(30);
    device = issue(CertificateProfile.device(subject, month, STATUS));
    service = issue(
        CertificateProfile.service("reader", "consumer", new FleetName("plant-1"), month, STATUS));
    server = issue(CertificateProfile.server(List.of("localhost", "127.0.0.1"), month));
    signer = Surgery.on(device)
        .replace(SUBJECT, name(BCStyle.CN, "signer", BCStyle.OU, "ocsp"))
        .withoutExtension(Extension.subjectAlternativeName)
        .extension(
            Extension.extendedKeyUsage, false, new ExtendedKeyUsage(KeyPurposeId.id_kp_OCSPSigning))
        .appendExtension(OCSPObjectIdentifiers.id_pkix_ocsp_nocheck, false, DERNull.INSTANCE)
        .done();
  }

  private static byte[] issue(CertificateProfile profile) throws Exception {
    return authorities.deviceIssuer().issue(profile, P256, Instant.now()).der();
  }

  private static X500Name name(Object... typesAndValues) {
    X500NameBuilder builder = new X500NameBuilder(BCStyle.INSTANCE);
    for (int i = 0; i < typesAndValues.length; i += 2) {
      Object value = typesAndValues[i + 1];
      builder.addRDN(
          (ASN1ObjectIdentifier) typesAndValues[i],
          value instanceof String text ? new DERUTF8String(text) : (ASN1Encodable) value);
    }
    return builder.build();
  }

  private static X500Name deviceName(Object commonName, Object fleet, Object unit) {
    return name(BCStyle.CN, commonName, BCStyle.O, fleet, BCStyle.OU, unit);
  }

  @Test
  void whatWeIssue_hasNoFindings() throws Exception {
    assertThat(lint.check(device, CertificateKind.DEVICE, YEARS)).isEmpty();
    assertThat(lint.check(service, CertificateKind.SERVICE, YEARS)).isEmpty();
    assertThat(lint.check(server, CertificateKind.SERVER, YEARS)).isEmpty();
    assertThat(lint.check(signer, CertificateKind.OCSP_SIGNER, YEARS)).isEmpty();
    byte[] audit = issue(CertificateProfile.auditSigner(Duration.ofDays(30)));
    assertThat(lint.check(audit, CertificateKind.AUDIT_SIGNER, YEARS)).isEmpty();
    CertificateLint root = new CertificateLint(authorities.root());
    for (X509Certificate ca : List.of(authorities.deviceCa(), authorities.serviceCa())) {
      assertThat(root.check(ca.getEncoded(), CertificateKind.ISSUING_CA, YEARS)).isEmpty();
    }
    assertThat(root.check(authorities.root().getEncoded(), CertificateKind.ROOT_CA, YEARS))
        .isEmpty();
  }

  /** A fault, the rule that must find it, and where it is planted. */
  record Planted(
      String rule, String fault, CertificateKind kind, UnaryOperator<Surgery> operation) {
    @Override
    public String toString() {
      return rule + ": " + fault + " in " + kind;
    }
  }

  private static Planted planted(
      String rule, String fault, CertificateKind kind, UnaryOperator<Surgery> operation) {
    return new Planted(rule, fault, kind, operation);
  }

  private static Planted planted(String rule, String fault, UnaryOperator<Surgery> operation) {
    return planted(rule, fault, CertificateKind.DEVICE, operation);
  }

  private static UnaryOperator<Surgery> serial(BigInteger value) {
    return surgery -> surgery.replace(SERIAL, new ASN1Integer(value));
  }

  private static UnaryOperator<Surgery> validity(ASN1Encodable begin, ASN1Encodable end) {
    return surgery -> surgery.replace(VALIDITY, new DERSequence(new ASN1Encodable[] {begin, end}));
  }

  private static UnaryOperator<Surgery> both(int element, AlgorithmIdentifier algorithm) {
    return surgery -> surgery.replace(element, algorithm).outerAlgorithm(algorithm);
  }

  private static ASN1Encodable beginning(ASN1Encodable validity) {
    return Surgery.elements(validity).get(0);
  }

  private static UnaryOperator<Surgery> subject(X500Name name) {
    return surgery -> surgery.replace(SUBJECT, name);
  }

  private static UnaryOperator<Surgery> extension(
      ASN1ObjectIdentifier type, boolean critical, ASN1Encodable value) {
    return surgery -> surgery.extension(type, critical, value);
  }

  private static UnaryOperator<Surgery> without(ASN1ObjectIdentifier type) {
    return surgery -> surgery.withoutExtension(type);
  }

  private static GeneralNames uri(String uri) {
    return new GeneralNames(new GeneralName(GeneralName.uniformResourceIdentifier, uri));
  }

  private static CRLDistPoint place(GeneralNames names, ReasonFlags... reasons) {
    DistributionPointName point = new DistributionPointName(names);
    return new CRLDistPoint(new DistributionPoint[] {
      new DistributionPoint(point, reasons.length == 0 ? null : reasons[0], null)
    });
  }

  static Stream<Planted> form() {
    AlgorithmIdentifier rsa =
        new AlgorithmIdentifier(PKCSObjectIdentifiers.sha256WithRSAEncryption, DERNull.INSTANCE);
    AlgorithmIdentifier sha1 = new AlgorithmIdentifier(X9ObjectIdentifiers.ecdsa_with_SHA1);
    AlgorithmIdentifier withNull =
        new AlgorithmIdentifier(X9ObjectIdentifiers.ecdsa_with_SHA256, DERNull.INSTANCE);
    AlgorithmIdentifier sha384 = new AlgorithmIdentifier(X9ObjectIdentifiers.ecdsa_with_SHA384);
    BigInteger stuck = BigInteger.ONE.shiftLeft(128);
    ASN1Encodable two = new DERTaggedObject(true, 0, new ASN1Integer(1));
    return Stream.of(
        planted("version", "version 2", surgery -> surgery.replace(VERSION, two)),
        planted("serial", "zero", serial(BigInteger.ZERO)),
        planted("serial", "negative", serial(stuck.negate())),
        planted("serial", "21 octets", serial(BigInteger.ONE.shiftLeft(160))),
        planted("serial-entropy", "a counter", serial(BigInteger.TEN)),
        planted("serial-entropy", "a source of zeros", serial(stuck)),
        planted(
            "serial-entropy",
            "a source of ones",
            serial(stuck.shiftLeft(1).subtract(BigInteger.ONE))),
        planted("signature-algorithm", "inner is not outer", s -> s.replace(ALGORITHM, sha384)),
        planted("signature-algorithm", "SHA-1", both(ALGORITHM, sha1)),
        planted("signature-algorithm", "not of the issuer's key", both(ALGORITHM, rsa)),
        planted("signature-algorithm", "ECDSA with parameters", both(ALGORITHM, withNull)),
        planted("issuer", "another", s -> s.replace(ISSUER, name(BCStyle.CN, "other"))),
        planted("issuer", "none", s -> s.replace(ISSUER, new DERSequence())),
        planted(
            "issuer",
            "same text, other type",
            s -> s.change(ISSUER, CertificateLintTest::asPrintable)),
        planted(
            "unique-ids",
            "a subject's",
            s -> s.insert(
                EXTENSIONS, new DERTaggedObject(false, 2, new DERBitString(new byte[] {1})))));
  }

  private static ASN1Encodable asPrintable(ASN1Encodable name) {
    X500NameBuilder builder = new X500NameBuilder(BCStyle.INSTANCE);
    for (var rdn : X500Name.getInstance(name).getRDNs()) {
      builder.addRDN(
          rdn.getFirst().getType(),
          new DERPrintableString(Names.text(rdn.getFirst().getValue())));
    }
    return builder.build();
  }

  static Stream<Planted> times() {
    ASN1UTCTime begin = new ASN1UTCTime("260101000000Z");
    return Stream.of(
        planted("validity-form", "no seconds", validity(new ASN1UTCTime("2601010000Z"), begin)),
        planted("validity-form", "not Zulu", validity(begin, new ASN1UTCTime("270101000000+0100"))),
        planted(
            "validity-form",
            "GeneralizedTime before 2050",
            validity(begin, new ASN1GeneralizedTime("20491231235959Z"))),
        planted(
            "validity-form",
            "fractions",
            validity(begin, new ASN1GeneralizedTime("20500101000000.5Z"))),
        planted("validity-form", "no time", validity(begin, new DERUTF8String("270101000000Z"))),
        planted(
            "validity-span",
            "an end before its beginning",
            surgery -> surgery.change(
                VALIDITY,
                old -> new DERSequence(new ASN1Encodable[] {beginning(old), beginning(old)}))),
        planted(
            "validity-span",
            "before the issuer's",
            surgery -> surgery.change(
                VALIDITY,
                old -> new DERSequence(new ASN1Encodable[] {
                  new ASN1UTCTime("250101000000Z"), Surgery.elements(old).get(1)
                }))),
        planted(
            "validity-span",
            "beyond the issuer's, and in 2050",
            surgery -> surgery.change(
                VALIDITY,
                old -> new DERSequence(
                    new ASN1Encodable[] {beginning(old), new ASN1GeneralizedTime("20500101000000Z")
                    }))));
  }

  static Stream<Planted> names() {
    return Stream.of(
        planted("subject-form", "empty", subject(name())),
        planted("subject-form", "several values", subject(new X500Name("CN=a+O=b,OU=device"))),
        planted(
            "subject-form", "BMPString", subject(deviceName(new DERBMPString("a"), "f", "device"))),
        planted(
            "subject-form", "65 characters", subject(deviceName("a".repeat(65), "f", "device"))),
        planted("subject-form", "no characters", subject(deviceName("", "f", "device"))),
        planted("subject-attributes", "no CN", subject(name(BCStyle.O, "f", BCStyle.OU, "device"))),
        planted(
            "subject-attributes",
            "two CN",
            subject(name(BCStyle.CN, "a", BCStyle.CN, "b", BCStyle.O, "f", BCStyle.OU, "device"))),
        planted(
            "subject-attributes",
            "a serialNumber of the request",
            subject(name(
                BCStyle.CN, "a", BCStyle.O, "f", BCStyle.OU, "device", BCStyle.SERIALNUMBER, "1"))),
        planted("subject-names", "upper case", subject(deviceName("ACME-1", "plant-1", "device"))),
        planted("subject-names", "a topic", subject(deviceName("a/b", "plant-1", "device"))),
        planted("subject-names", "a fleet that is none", subject(deviceName("a", "P", "device"))),
        planted("subject-names", "a service", subject(deviceName("acme-1", "plant-1", "service"))),
        planted(
            "subject-names",
            "a device",
            CertificateKind.SERVICE,
            subject(deviceName("reader", "plant-1", "device"))),
        planted(
            "subject-names",
            "a device",
            CertificateKind.SERVER,
            subject(deviceName("localhost", "plant-1", "device"))),
        planted(
            "subject-names",
            "a device",
            CertificateKind.OCSP_SIGNER,
            subject(deviceName("signer", "plant-1", "device"))),
        planted(
            "subject-alternative-name",
            "another device's",
            extension(Extension.subjectAlternativeName, false, uri("urn:muster:plant-1:acme-2"))),
        planted(
            "subject-alternative-name",
            "no URI at all",
            extension(Extension.subjectAlternativeName, false, uri("acme-1"))),
        planted(
            "subject-alternative-name",
            "a host as well",
            extension(Extension.subjectAlternativeName, false, new GeneralNames(new GeneralName[] {
              new GeneralName(GeneralName.uniformResourceIdentifier, "urn:muster:plant-1:acme-1"),
              new GeneralName(GeneralName.dNSName, "localhost")
            }))),
        planted(
            "subject-alternative-name",
            "any",
            CertificateKind.SERVICE,
            extension(Extension.subjectAlternativeName, false, uri("urn:muster:plant-1:acme-1"))),
        planted(
            "subject-alternative-name",
            "an address of mail",
            CertificateKind.SERVER,
            extension(
                Extension.subjectAlternativeName,
                false,
                new GeneralNames(new GeneralName(GeneralName.rfc822Name, "a@example.com")))),
        planted(
            "subject-alternative-name",
            "none",
            CertificateKind.SERVER,
            without(Extension.subjectAlternativeName)));
  }

  static Stream<Planted> keysAndUsages() throws Exception {
    SubjectPublicKeyInfo good = SubjectPublicKeyInfo.getInstance(P256.getEncoded());
    SubjectPublicKeyInfo explicit = new SubjectPublicKeyInfo(
        new AlgorithmIdentifier(X9ObjectIdentifiers.id_ecPublicKey, new DERSequence()),
        good.getPublicKeyData().getOctets());
    SubjectPublicKeyInfo compressed =
        new SubjectPublicKeyInfo(good.getAlgorithm(), new byte[] {2, 1, 2, 3});
    KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
    generator.initialize(2048);
    SubjectPublicKeyInfo rsa2048 =
        SubjectPublicKeyInfo.getInstance(generator.generateKeyPair().getPublic().getEncoded());
    SubjectPublicKeyInfo dsa = new SubjectPublicKeyInfo(
        new AlgorithmIdentifier(X9ObjectIdentifiers.id_dsa), new byte[] {1});
    KeyUsage more = new KeyUsage(KeyUsage.digitalSignature | KeyUsage.keyEncipherment);
    KeyUsage right = new KeyUsage(KeyUsage.digitalSignature);
    return Stream.of(
        planted("public-key", "explicit parameters", s -> s.replace(KEY, explicit)),
        planted("public-key", "compressed", s -> s.replace(KEY, compressed)),
        planted("public-key", "RSA 2048", s -> s.replace(KEY, rsa2048)),
        planted("public-key", "DSA", s -> s.replace(KEY, dsa)),
        planted("key-usage", "absent", without(Extension.keyUsage)),
        planted("key-usage", "keyEncipherment too", extension(Extension.keyUsage, true, more)),
        planted("key-usage", "not critical", extension(Extension.keyUsage, false, right)),
        planted(
            "basic-constraints",
            "CA:FALSE",
            extension(Extension.basicConstraints, true, new BasicConstraints(false))),
        planted(
            "basic-constraints",
            "CA:TRUE",
            extension(Extension.basicConstraints, true, new BasicConstraints(true))),
        planted("extended-key-usage", "absent", without(Extension.extendedKeyUsage)),
        planted(
            "extended-key-usage",
            "serverAuth",
            extension(
                Extension.extendedKeyUsage,
                false,
                new ExtendedKeyUsage(KeyPurposeId.id_kp_serverAuth))),
        planted(
            "extended-key-usage",
            "any too",
            extension(Extension.extendedKeyUsage, false, new ExtendedKeyUsage(new KeyPurposeId[] {
              KeyPurposeId.id_kp_clientAuth, KeyPurposeId.anyExtendedKeyUsage
            }))),
        planted(
            "ocsp-no-check",
            "absent",
            CertificateKind.OCSP_SIGNER,
            without(OCSPObjectIdentifiers.id_pkix_ocsp_nocheck)),
        planted(
            "ocsp-no-check",
            "in another kind",
            extension(OCSPObjectIdentifiers.id_pkix_ocsp_nocheck, false, DERNull.INSTANCE)));
  }

  static Stream<Planted> extensions() {
    AuthorityKeyIdentifier other = new AuthorityKeyIdentifier(new byte[20]);
    GeneralName https =
        new GeneralName(GeneralName.uniformResourceIdentifier, "https://localhost/ca.cer");
    return Stream.of(
        planted(
            "extensions-once",
            "two subjectKeyIdentifiers",
            s -> s.appendExtension(
                Extension.subjectKeyIdentifier, false, new SubjectKeyIdentifier(new byte[20]))),
        planted(
            "extensions-known",
            "unknown and critical",
            extension(new ASN1ObjectIdentifier("1.2.3.4"), true, DERNull.INSTANCE)),
        planted(
            "extensions-known",
            "a name of the registry not critical elsewhere",
            extension(Extension.subjectAlternativeName, true, uri("urn:muster:plant-1:acme-1"))),
        planted("authority-key-identifier", "absent", without(Extension.authorityKeyIdentifier)),
        planted(
            "authority-key-identifier",
            "another",
            extension(Extension.authorityKeyIdentifier, false, other)),
        planted("subject-key-identifier", "absent", without(Extension.subjectKeyIdentifier)),
        planted(
            "subject-key-identifier",
            "another",
            extension(
                Extension.subjectKeyIdentifier, false, new SubjectKeyIdentifier(new byte[20]))),
        planted(
            "crl-distribution-points",
            "https",
            extension(
                Extension.cRLDistributionPoints, false, place(uri("https://localhost/a.crl")))),
        planted(
            "crl-distribution-points",
            "relative",
            extension(Extension.cRLDistributionPoints, false, place(uri("/a.crl")))),
        planted(
            "crl-distribution-points",
            "of some reasons",
            extension(
                Extension.cRLDistributionPoints,
                false,
                place(uri("http://localhost/a.crl"), new ReasonFlags(ReasonFlags.keyCompromise)))),
        planted(
            "crl-distribution-points",
            "empty",
            extension(Extension.cRLDistributionPoints, false, new DERSequence())),
        planted(
            "authority-information-access",
            "https",
            extension(
                Extension.authorityInfoAccess,
                false,
                new AuthorityInformationAccess(AccessDescription.id_ad_caIssuers, https))));
  }

  static Stream<Planted> allPlanted() throws Exception {
    return Stream.of(form(), times(), names(), keysAndUsages(), extensions())
        .flatMap(planted -> planted);
  }

  private static byte[] original(CertificateKind kind) {
    return switch (kind) {
      case SERVICE -> service;
      case SERVER -> server;
      case OCSP_SIGNER -> signer;
      default -> device;
    };
  }

  private static List<String> rulesBroken(Planted planted) {
    byte[] der = planted.operation().apply(Surgery.on(original(planted.kind()))).done();
    return lint.check(der, planted.kind(), YEARS).stream().map(Finding::rule).toList();
  }

  @ParameterizedTest
  @MethodSource("allPlanted")
  void plantedFault_isFoundByItsRule(Planted planted) {
    assertThat(rulesBroken(planted)).contains(planted.rule());
  }

  static Stream<Arguments> ofCas() {
    return Stream.of(
        Arguments.of("subject-names", subject(name(BCStyle.O, "a"))),
        Arguments.of(
            "key-usage", extension(Extension.keyUsage, true, new KeyUsage(KeyUsage.keyCertSign))),
        Arguments.of("basic-constraints", without(Extension.basicConstraints)),
        Arguments.of(
            "basic-constraints",
            extension(Extension.basicConstraints, false, new BasicConstraints(0))),
        Arguments.of(
            "basic-constraints",
            extension(Extension.basicConstraints, true, new BasicConstraints(1))),
        Arguments.of(
            "extensions-known",
            extension(
                Extension.extendedKeyUsage,
                false,
                new ExtendedKeyUsage(KeyPurposeId.id_kp_clientAuth))));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("ofCas")
  void plantedFaultInACa_isFoundByItsRule(String rule, UnaryOperator<Surgery> operation)
      throws Exception {
    byte[] der =
        operation.apply(Surgery.on(authorities.deviceCa().getEncoded())).done();
    assertThat(
            new CertificateLint(authorities.root()).check(der, CertificateKind.ISSUING_CA, YEARS))
        .extracting(Finding::rule)
        .contains(rule);
  }

  @Test
  void everyRule_isShownToBite() throws Exception {
    Set<String> bitten = new HashSet<>(Set.of("der"));
    allPlanted().map(Planted::rule).forEach(bitten::add);
    ofCas().map(arguments -> (String) arguments.get()[0]).forEach(bitten::add);
    assertThat(Stream.of(CommonRules.RULES, LeafRules.RULES, CaRules.RULES)
            .flatMap(List::stream)
            .map(Rule::name))
        .isSubsetOf(bitten);
  }

  @Test
  void longerLength_isFoundByDer() {
    // X.690, 10.1: lengths are as short as can be. BouncyCastle reads others all the same.
    byte[] longForm = device.clone();
    byte[] twice = new byte[longForm.length + 1];
    // The outermost length, 30 82 xx yy, as 30 83 00 xx yy.
    twice[0] = 0x30;
    twice[1] = (byte) 0x83;
    System.arraycopy(longForm, 2, twice, 3, longForm.length - 2);
    assertThat(lint.check(twice, CertificateKind.DEVICE, YEARS))
        .extracting(Finding::rule)
        .containsExactly("der");
  }

  @Test
  void longerThanItsProfile_isFound() {
    assertThat(lint.check(device, CertificateKind.DEVICE, Duration.ofDays(29)))
        .extracting(Finding::rule)
        .containsExactly("validity-span");
  }

  @Test
  void garbage_isOneFinding_neverAnException() {
    assertThat(lint.check(new byte[] {0x30, 0}, CertificateKind.DEVICE, YEARS)).hasSize(1);
    assertThat(lint.check(new byte[0], CertificateKind.DEVICE, YEARS)).hasSize(1);
  }

  @Test
  void finding_namesRuleAndCitation() {
    Finding finding =
        lint.check(device, CertificateKind.DEVICE, Duration.ofDays(1)).get(0);
    assertThat(finding).asString().startsWith("validity-span: ").contains("RFC 5280, 4.1.2.5");
  }
}
