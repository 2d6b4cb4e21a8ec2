/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.issuance.lint;

import static org.assertj.core.api.Assertions.assertThat;

import dev.muster.enrollment.authority.CertificateAuthorities;
import dev.muster.enrollment.issuance.CrlContents;
import dev.muster.enrollment.issuance.RevocationReason;
import java.math.BigInteger;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.bouncycastle.asn1.ASN1Encodable;
import org.bouncycastle.asn1.ASN1Enumerated;
import org.bouncycastle.asn1.ASN1GeneralizedTime;
import org.bouncycastle.asn1.ASN1Integer;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.ASN1UTCTime;
import org.bouncycastle.asn1.DERNull;
import org.bouncycastle.asn1.DERSequence;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.AlgorithmIdentifier;
import org.bouncycastle.asn1.x509.CRLReason;
import org.bouncycastle.asn1.x509.DistributionPointName;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.IssuingDistributionPoint;
import org.bouncycastle.asn1.x509.ReasonFlags;
import org.bouncycastle.asn1.x9.X9ObjectIdentifiers;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every rule for CRLs bites on the fault that it is there for, and on nothing that we make. */
class CrlLintTest {
  private static final int VERSION = 0;
  private static final int ALGORITHM = 1;
  private static final int ISSUER = 2;
  private static final int THIS_UPDATE = 3;
  private static final int NEXT_UPDATE = 4;
  private static final int ENTRIES = 5;

  @TempDir
  static Path folder;

  static CertificateAuthorities authorities;
  static CrlLint lint;
  static byte[] crl;

  @BeforeAll
  static void makeCrl() throws Exception {
    CertificateAuthorities.create(folder.resolve("ca"), Clock.systemUTC());
    authorities = CertificateAuthorities.open(folder.resolve("ca"));
    lint = new CrlLint(authorities.deviceCa());
    crl = sign(List.of(
        new CrlContents.Entry(BigInteger.TEN, Instant.now(), RevocationReason.KEY_COMPROMISE),
        new CrlContents.Entry(BigInteger.TWO, Instant.now(), RevocationReason.UNSPECIFIED)));
  }

  private static byte[] sign(List<CrlContents.Entry> entries) throws Exception {
    Instant now = Instant.now();
    return authorities
        .deviceIssuer()
        .sign(new CrlContents(BigInteger.TEN, now, now.plus(Duration.ofDays(1)), entries));
  }

  @Test
  void whatWeSign_hasNoFindings() throws Exception {
    assertThat(lint.check(crl)).isEmpty();
    assertThat(lint.check(sign(List.of()))).isEmpty();
    byte[] shard = planted(s -> s.appendExtension(
        Extension.issuingDistributionPoint, true, shard("http://localhost/crl/device-1.crl")));
    assertThat(lint.check(shard)).isEmpty();
    byte[] delta = planted(s -> s.replace(ENTRIES, entries(entry(7, reason(8))))
        .appendExtension(Extension.deltaCRLIndicator, true, new ASN1Integer(9)));
    assertThat(lint.check(delta)).isEmpty();
  }

  private static byte[] planted(UnaryOperator<Surgery> operation) {
    return operation.apply(Surgery.on(crl)).done();
  }

  private static IssuingDistributionPoint shard(String uri) {
    GeneralName name = new GeneralName(GeneralName.uniformResourceIdentifier, uri);
    return new IssuingDistributionPoint(
        new DistributionPointName(new GeneralNames(name)), false, false, null, false, false);
  }

  private static DERSequence entries(ASN1Encodable... entries) {
    return new DERSequence(entries);
  }

  private static ASN1Encodable entry(long serial, ASN1Encodable... extensions) {
    return Surgery.sequence(List.of(
        new ASN1Integer(serial),
        new ASN1UTCTime("260101000000Z"),
        Surgery.sequence(List.of(extensions))));
  }

  private static ASN1Encodable reason(int reason) {
    return Surgery.extensionOf(Extension.reasonCode, false, new ASN1Enumerated(reason));
  }

  /** A fault, and the rule that must find it. */
  record Planted(String rule, String fault, UnaryOperator<Surgery> operation) {
    @Override
    public String toString() {
      return rule + ": " + fault;
    }
  }

  private static UnaryOperator<Surgery> list(ASN1Encodable... entries) {
    return surgery -> surgery.replace(ENTRIES, entries(entries));
  }

  private static UnaryOperator<Surgery> extension(
      ASN1ObjectIdentifier type, boolean critical, ASN1Encodable value) {
    return surgery -> surgery.extension(type, critical, value);
  }

  static Stream<Planted> faults() {
    AlgorithmIdentifier sha384 = new AlgorithmIdentifier(X9ObjectIdentifiers.ecdsa_with_SHA384);
    ASN1Encodable early = new ASN1UTCTime("250101000000Z");
    IssuingDistributionPoint someReasons = new IssuingDistributionPoint(
        null, false, false, new ReasonFlags(ReasonFlags.keyCompromise), false, false);
    IssuingDistributionPoint indirect =
        new IssuingDistributionPoint(null, false, false, null, true, false);
    return Stream.of(
        new Planted("version", "absent", s -> s.remove(VERSION)),
        new Planted("signature-algorithm", "inner is not outer", s -> s.replace(ALGORITHM, sha384)),
        new Planted("issuer", "another", s -> s.replace(ISSUER, new X500Name("CN=other"))),
        new Planted(
            "this-update",
            "GeneralizedTime before 2050",
            s -> s.replace(THIS_UPDATE, new ASN1GeneralizedTime("20260101000000Z"))),
        new Planted("next-update", "absent", s -> s.remove(NEXT_UPDATE)),
        new Planted("next-update", "before thisUpdate", s -> s.replace(NEXT_UPDATE, early)),
        new Planted("entries-absent", "an empty list", list()),
        new Planted("entries-once", "one twice", list(entry(7, reason(1)), entry(7, reason(1)))),
        new Planted("entries", "serial 0", list(entry(0, reason(1)))),
        new Planted(
            "entries",
            "a critical extension",
            list(entry(
                7, Surgery.extensionOf(Extension.certificateIssuer, true, DERNull.INSTANCE)))),
        new Planted("reasons", "unspecified written out", list(entry(7, reason(0)))),
        new Planted("reasons", "7, which nothing uses", list(entry(7, reason(7)))),
        new Planted(
            "reasons",
            "removeFromCRL in a full CRL",
            list(entry(7, reason(CRLReason.removeFromCRL)))),
        new Planted(
            "extensions-once",
            "two numbers",
            s -> s.appendExtension(Extension.cRLNumber, false, new ASN1Integer(1))),
        new Planted(
            "extensions-known",
            "a critical number",
            extension(Extension.cRLNumber, true, new ASN1Integer(1))),
        new Planted(
            "extensions-known",
            "a distribution point that is not critical",
            extension(Extension.issuingDistributionPoint, false, shard("http://localhost/1.crl"))),
        new Planted(
            "authority-key-identifier",
            "absent",
            s -> s.withoutExtension(Extension.authorityKeyIdentifier)),
        new Planted("crl-number", "absent", s -> s.withoutExtension(Extension.cRLNumber)),
        new Planted(
            "crl-number",
            "21 octets",
            extension(Extension.cRLNumber, false, new ASN1Integer(BigInteger.ONE.shiftLeft(160)))),
        new Planted(
            "delta",
            "no older than itself",
            extension(Extension.deltaCRLIndicator, true, new ASN1Integer(10))),
        new Planted(
            "distribution-point",
            "https",
            extension(Extension.issuingDistributionPoint, true, shard("https://localhost/1.crl"))),
        new Planted(
            "distribution-point",
            "of some reasons",
            extension(Extension.issuingDistributionPoint, true, someReasons)),
        new Planted(
            "distribution-point",
            "indirect",
            extension(Extension.issuingDistributionPoint, true, indirect)));
  }

  @ParameterizedTest
  @MethodSource("faults")
  void plantedFault_isFoundByItsRule(Planted fault) {
    assertThat(lint.check(planted(fault.operation())))
        .extracting(Finding::rule)
        .contains(fault.rule());
  }

  @Test
  void everyRule_isShownToBite() {
    assertThat(CrlRules.RULES.stream().map(Rule::name))
        .isSubsetOf(Stream.concat(Stream.of("der"), faults().map(Planted::rule)).toList());
  }

  @Test
  void longerLength_isFoundByDer() {
    byte[] longer = new byte[crl.length + 1];
    longer[0] = 0x30;
    longer[1] = (byte) 0x83;
    System.arraycopy(crl, 2, longer, 3, crl.length - 2);
    assertThat(lint.check(longer)).extracting(Finding::rule).containsExactly("der");
  }

  @Test
  void garbage_isOneFinding_neverAnException() {
    assertThat(lint.check(new byte[] {0x30, 0})).hasSize(1);
  }
}
