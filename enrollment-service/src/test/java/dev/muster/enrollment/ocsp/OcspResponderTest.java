/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.ocsp;

import static org.assertj.core.api.Assertions.assertThat;

import dev.muster.enrollment.audit.Actor;
import dev.muster.enrollment.issuance.RevocationReason;
import dev.muster.enrollment.revocation.RevocationBench;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.DERNull;
import org.bouncycastle.asn1.DEROctetString;
import org.bouncycastle.asn1.nist.NISTObjectIdentifiers;
import org.bouncycastle.asn1.ocsp.CertID;
import org.bouncycastle.asn1.ocsp.OCSPObjectIdentifiers;
import org.bouncycastle.asn1.oiw.OIWObjectIdentifiers;
import org.bouncycastle.asn1.x509.AlgorithmIdentifier;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.Extensions;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.cert.jcajce.JcaX509CertificateHolder;
import org.bouncycastle.cert.ocsp.BasicOCSPResp;
import org.bouncycastle.cert.ocsp.CertificateID;
import org.bouncycastle.cert.ocsp.CertificateStatus;
import org.bouncycastle.cert.ocsp.OCSPReqBuilder;
import org.bouncycastle.cert.ocsp.OCSPResp;
import org.bouncycastle.cert.ocsp.RevokedStatus;
import org.bouncycastle.cert.ocsp.SingleResp;
import org.bouncycastle.cert.ocsp.UnknownStatus;
import org.bouncycastle.operator.DigestCalculatorProvider;
import org.bouncycastle.operator.jcajce.JcaContentVerifierProviderBuilder;
import org.bouncycastle.operator.jcajce.JcaDigestCalculatorProviderBuilder;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The answers, read with BouncyCastle's own classes. */
class OcspResponderTest {
  private static final Duration MONTH = Duration.ofDays(30);
  private static final ASN1ObjectIdentifier SHA1 = OIWObjectIdentifiers.idSHA1;

  @TempDir
  Path folder;

  private RevocationBench bench;
  private OcspResponder responder;

  @BeforeEach
  void open() {
    bench = new RevocationBench(folder);
    responder = newResponder();
  }

  private OcspResponder newResponder() {
    return new OcspResponder(
        bench.registry,
        bench.authorities::issuers,
        Duration.ofHours(24),
        Duration.ofHours(1),
        bench.clock);
  }

  @AfterEach
  void close() {
    bench.close();
  }

  private CertificateID id(ASN1ObjectIdentifier hash, BigInteger serial) throws Exception {
    return id(hash, bench.authorities.deviceCa(), serial);
  }

  private static CertificateID id(
      ASN1ObjectIdentifier hash, X509Certificate issuer, BigInteger serial) throws Exception {
    DigestCalculatorProvider digests = new JcaDigestCalculatorProviderBuilder().build();
    return new CertificateID(
        digests.get(new AlgorithmIdentifier(hash, DERNull.INSTANCE)),
        new JcaX509CertificateHolder(issuer),
        serial);
  }

  /** In all the ways that one certificate can be asked about. */
  private List<CertificateID> spellings(BigInteger serial) throws Exception {
    List<CertificateID> all = new ArrayList<>();
    for (ASN1ObjectIdentifier hash : List.of(SHA1, NISTObjectIdentifiers.id_sha256)) {
      CertID usual = id(hash, serial).toASN1Primitive();
      all.add(new CertificateID(usual));
      all.add(new CertificateID(new CertID(
          new AlgorithmIdentifier(hash),
          usual.getIssuerNameHash(),
          usual.getIssuerKeyHash(),
          usual.getSerialNumber())));
    }
    return all;
  }

  /** Revoked, all at once. */
  private List<X509Certificate> takenBack(int count) {
    List<X509Certificate> all = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      all.add(bench.issue(MONTH));
    }
    bench.registry.commit(tables -> {
      all.forEach(certificate -> tables
          .certificates()
          .update(
              RevocationBench.serial(certificate),
              dev.muster.enrollment.inventory.CertificateStatus.REVOKED,
              RevocationReason.SUPERSEDED,
              bench.clock.instant()));
      return count;
    });
    return all;
  }

  private static byte[] request(@Nullable Integer nonceLength, CertificateID... ids)
      throws Exception {
    OCSPReqBuilder builder = new OCSPReqBuilder();
    for (CertificateID id : ids) {
      builder.addRequest(id);
    }
    if (nonceLength != null) {
      builder.setRequestExtensions(new Extensions(nonce(nonceLength)));
    }
    return builder.build().getEncoded();
  }

  private static Extension nonce(int length) throws IOException {
    byte[] bytes = new byte[length];
    Arrays.fill(bytes, (byte) 7);
    return new Extension(
        OCSPObjectIdentifiers.id_pkix_ocsp_nonce, false, new DEROctetString(bytes).getEncoded());
  }

  private BasicOCSPResp ask(OcspResponder whom, byte[] request) throws Exception {
    OCSPResp response = new OCSPResp(whom.answer("device", request).der().getBytes());
    assertThat(response.getStatus()).isZero();
    return (BasicOCSPResp) response.getResponseObject();
  }

  private @Nullable CertificateStatus status(X509Certificate certificate) throws Exception {
    return status(responder, certificate);
  }

  private @Nullable CertificateStatus status(OcspResponder whom, X509Certificate certificate)
      throws Exception {
    byte[] request = request(null, id(SHA1, certificate.getSerialNumber()));
    return ask(whom, request).getResponses()[0].getCertStatus();
  }

  @Test
  void ocsp_answer_isABasicResponseOfVersion1_thatMatchesTheRequest() throws Exception {
    CertificateID one = id(SHA1, bench.issue(MONTH).getSerialNumber());
    CertificateID two = id(SHA1, bench.issue(MONTH).getSerialNumber());
    BasicOCSPResp answer = ask(responder, request(null, one, two));
    assertThat(answer.getVersion()).isEqualTo(1);
    assertThat(answer.getResponses()).extracting(SingleResp::getCertID).containsExactly(one, two);
    Instant thisUpdate = answer.getResponses()[0].getThisUpdate().toInstant();
    assertThat(answer.getProducedAt().toInstant()).isEqualTo(thisUpdate);
    assertThat(answer.getResponses()[0].getNextUpdate().toInstant())
        .isEqualTo(thisUpdate.plus(Duration.ofHours(24)));
  }

  @Test
  void ocsp_signer_isIssuedByTheCa_forThatAlone_andNobodyNeedAskAboutIt() throws Exception {
    byte[] request = request(null, id(SHA1, bench.issue(MONTH).getSerialNumber()));
    BasicOCSPResp answer = ask(responder, request);
    assertThat(answer.getCerts()).hasSize(1);
    X509CertificateHolder signer = answer.getCerts()[0];
    assertThat(signer.isSignatureValid(new JcaContentVerifierProviderBuilder()
            .build(bench.authorities.deviceCa().getPublicKey())))
        .isTrue();
    assertThat(answer.isSignatureValid(new JcaContentVerifierProviderBuilder().build(signer)))
        .isTrue();
    assertThat(ExtendedKeyUsage.fromExtensions(signer.getExtensions()).getUsages())
        .containsExactly(KeyPurposeId.id_kp_OCSPSigning);
    assertThat(signer.getExtension(OCSPObjectIdentifiers.id_pkix_ocsp_nocheck)).isNotNull();
    String serial = signer.getSerialNumber().toString(16);
    boolean recorded =
        bench.registry.read(tables -> tables.certificates().find(serial).isPresent());
    assertThat(recorded).isTrue();
  }

  @Test
  void ocsp_signer_isReplacedBeforeItEnds_andOutlivesItsAnswers() throws Exception {
    byte[] request = request(null, id(SHA1, bench.issue(MONTH).getSerialNumber()));
    X509CertificateHolder first = ask(responder, request).getCerts()[0];
    bench.clock.advance(Duration.ofHours(23));
    BasicOCSPResp last = ask(responder, request);
    assertThat(last.getCerts()[0]).isEqualTo(first);
    assertThat(last.getResponses()[0].getNextUpdate()).isBefore(first.getNotAfter());
    bench.clock.advance(Duration.ofHours(2));
    assertThat(ask(responder, request).getCerts()[0]).isNotEqualTo(first);
  }

  @Test
  void ocsp_signer_thatOutlivesAllOthers_doesNotKeepItsCa() throws Exception {
    X509Certificate last = bench.issue(Duration.ofHours(1));
    assertThat(status(last)).isNull();
    Optional<Instant> end = bench.registry.read(tables -> tables.certificates().lastEnd("device"));
    assertThat(end).contains(last.getNotAfter().toInstant());
  }

  @Test
  void ocsp_status_isGood_revokedWithReasonAndTime_onHold_orUnknown() throws Exception {
    X509Certificate certificate = bench.issue(MONTH);
    String serial = RevocationBench.serial(certificate);
    assertThat(status(certificate)).isNull();
    bench.revocations.hold(Actor.SYSTEM, serial);
    assertThat(((RevokedStatus) status(certificate)).getRevocationReason()).isEqualTo(6);
    bench.revocations.unhold(Actor.SYSTEM, serial);
    assertThat(status(certificate)).isNull();
    bench.clock.advance(Duration.ofSeconds(90));
    bench.revoke(certificate, RevocationReason.KEY_COMPROMISE);
    RevokedStatus revoked = (RevokedStatus) status(certificate);
    assertThat(revoked.getRevocationReason()).isEqualTo(1);
    assertThat(revoked.getRevocationTime().toInstant().getEpochSecond())
        .isEqualTo(bench.clock.instant().getEpochSecond());
    X509Certificate other = bench.issue(MONTH);
    bench.revoke(other, RevocationReason.UNSPECIFIED);
    assertThat(((RevokedStatus) status(other)).hasRevocationReason()).isFalse();
    for (BigInteger none :
        List.of(BigInteger.TEN, BigInteger.TEN.negate(), BigInteger.ONE.shiftLeft(4000))) {
      assertThat(ask(responder, request(null, id(SHA1, none))).getResponses()[0].getCertStatus())
          .isInstanceOf(UnknownStatus.class);
    }
  }

  @Test
  void ocsp_status_changedByAnotherProcess_isSeenAtOnce_andSurvivesARestart() throws Exception {
    X509Certificate certificate = bench.issue(MONTH);
    assertThat(status(responder, certificate)).isNull();
    // Behind the back of this responder, in the database that both share.
    bench.revoke(certificate, RevocationReason.SUPERSEDED);
    assertThat(status(responder, certificate)).isInstanceOf(RevokedStatus.class);
    assertThat(status(newResponder(), certificate)).isInstanceOf(RevokedStatus.class);
  }

  @Test
  void ocsp_answer_isKept_untilTheStatusChangesOrItIsTimeForAnother() throws Exception {
    X509Certificate certificate = bench.issue(MONTH);
    byte[] request = request(null, id(SHA1, certificate.getSerialNumber()));
    OcspAnswer first = responder.answer("device", request);
    bench.clock.advance(Duration.ofMinutes(59));
    assertThat(responder.answer("device", request)).isSameAs(first);
    bench.clock.advance(Duration.ofMinutes(2));
    OcspAnswer second = responder.answer("device", request);
    assertThat(second).isNotSameAs(first);
    String serial = RevocationBench.serial(certificate);
    bench.revocations.hold(Actor.SYSTEM, serial);
    OcspAnswer held = responder.answer("device", request);
    assertThat(held).isNotSameAs(second);
    assertThat(responder.answer("device", request)).isSameAs(held);
    bench.revocations.unhold(Actor.SYSTEM, serial);
    assertThat(responder.answer("device", request)).isNotSameAs(held).isNotSameAs(second);
    bench.revoke(certificate, RevocationReason.SUPERSEDED);
    assertThat(status(certificate)).isInstanceOf(RevokedStatus.class);
  }

  @Test
  void ocsp_certId_bySha1OrSha256_withNullOrWithout_isUnderstood_andComesBackAsItWas()
      throws Exception {
    BigInteger inUse = bench.issue(MONTH).getSerialNumber();
    BigInteger revoked = takenBack(1).get(0).getSerialNumber();
    for (CertificateID id : spellings(inUse)) {
      SingleResp answer = ask(responder, request(null, id)).getResponses()[0];
      assertThat(answer.getCertStatus()).isNull();
      assertThat(answer.getCertID()).isEqualTo(id);
    }
    for (CertificateID id : spellings(revoked)) {
      SingleResp answer = ask(responder, request(null, id)).getResponses()[0];
      assertThat(answer.getCertStatus()).isInstanceOf(RevokedStatus.class);
      assertThat(answer.getCertID()).isEqualTo(id);
    }
  }

  @Test
  void ocsp_takenBack_askedInEachSpelling_takesNothingFromThoseInUse() throws Exception {
    int served = 0;
    for (X509Certificate revoked : takenBack(126)) {
      for (CertificateID id : spellings(revoked.getSerialNumber())) {
        served += responder.answer("device", request(null, id)) == OcspAnswer.TRY_LATER ? 0 : 1;
      }
    }
    assertThat(status(bench.issue(MONTH))).as("asked for the first time").isNull();
    assertThat(served).isEqualTo(250);
  }

  @Test
  void ocsp_takenBack_askedInEachSpelling_pushesOutNoAnswer_andOneForEachHashIsKept()
      throws Exception {
    OcspResponder small = new OcspResponder(
        bench.registry,
        bench.authorities::issuers,
        Duration.ofHours(24),
        Duration.ofHours(1),
        bench.clock,
        4);
    byte[] inUse = request(null, id(SHA1, bench.issue(MONTH).getSerialNumber()));
    OcspAnswer kept = small.answer("device", inUse);
    List<X509Certificate> revoked = takenBack(2);
    List<OcspAnswer> first = askInEachSpelling(small, revoked);
    List<OcspAnswer> again = askInEachSpelling(small, revoked);
    assertThat(small.answer("device", inUse)).isSameAs(kept);
    for (int i = 0; i < first.size(); i++) {
      boolean usual = i % 2 == 0;
      assertThat(again.get(i) == first.get(i)).isEqualTo(usual);
    }
  }

  private List<OcspAnswer> askInEachSpelling(OcspResponder whom, List<X509Certificate> all)
      throws Exception {
    List<OcspAnswer> answers = new ArrayList<>();
    for (X509Certificate one : all) {
      for (CertificateID id : spellings(one.getSerialNumber())) {
        answers.add(whom.answer("device", request(null, id)));
      }
    }
    return answers;
  }

  @Test
  void ocsp_certificateOfAnotherIssuer_isUnauthorized() throws Exception {
    BigInteger serial = bench.issue(MONTH).getSerialNumber();
    byte[] wrong = request(null, id(SHA1, bench.authorities.serviceCa(), serial));
    byte[] mixed = request(null, id(SHA1, serial), id(SHA1, bench.authorities.serviceCa(), serial));
    byte[] sha512 = request(null, id(NISTObjectIdentifiers.id_sha512, serial));
    assertThat(responder.answer("device", wrong)).isSameAs(OcspAnswer.UNAUTHORIZED);
    assertThat(responder.answer("device", mixed)).isSameAs(OcspAnswer.UNAUTHORIZED);
    assertThat(responder.answer("device", sha512)).isSameAs(OcspAnswer.UNAUTHORIZED);
    // Its own issuer knows nothing of that serial number.
    OCSPResp own = new OCSPResp(responder.answer("service", wrong).der().getBytes());
    assertThat(((BasicOCSPResp) own.getResponseObject()).getResponses()[0].getCertStatus())
        .isInstanceOf(UnknownStatus.class);
  }

  @Test
  void ocsp_garbage_isMalformedRequest_withoutASignature() throws Exception {
    byte[] good = request(null, id(SHA1, bench.issue(MONTH).getSerialNumber()));
    byte[] trailing = Arrays.copyOf(good, good.length + 1);
    byte[] cut = Arrays.copyOf(good, good.length - 1);
    byte[] none = request(null);
    for (byte[] bad : List.of(new byte[0], new byte[] {0x30}, trailing, cut, none)) {
      OcspAnswer answer = responder.answer("device", bad);
      assertThat(answer.der().getBytes()).containsExactly(0x30, 0x03, 0x0a, 0x01, 0x01);
      assertThat(answer.good()).isNull();
    }
  }

  @Test
  void ocsp_tooManyAtOnce_isMalformedRequest() throws Exception {
    CertificateID id = id(SHA1, bench.issue(MONTH).getSerialNumber());
    CertificateID[] seventeen = new CertificateID[17];
    Arrays.fill(seventeen, id);
    assertThat(responder.answer("device", request(null, seventeen))).isSameAs(OcspAnswer.MALFORMED);
    assertThat(ask(responder, request(null, Arrays.copyOf(seventeen, 16))).getResponses())
        .hasSize(16);
  }

  @Test
  void ocsp_nonce_of1To128Octets_comesBack_othersAreMalformed() throws Exception {
    CertificateID id = id(SHA1, bench.issue(MONTH).getSerialNumber());
    for (int length : new int[] {1, 32, 128}) {
      BasicOCSPResp answer = ask(responder, request(length, id));
      assertThat(answer.getExtension(OCSPObjectIdentifiers.id_pkix_ocsp_nonce))
          .isEqualTo(nonce(length));
    }
    assertThat(responder.answer("device", request(32, id)).good()).isNull();
    for (int length : new int[] {0, 129}) {
      assertThat(responder.answer("device", request(length, id))).isSameAs(OcspAnswer.MALFORMED);
    }
  }

  @Test
  void ocsp_unknownCriticalExtension_isMalformedRequest() throws Exception {
    OCSPReqBuilder builder = new OCSPReqBuilder();
    builder.addRequest(id(SHA1, bench.issue(MONTH).getSerialNumber()));
    builder.setRequestExtensions(new Extensions(new Extension(
        new ASN1ObjectIdentifier("1.2.3.4"), true, new DEROctetString(new byte[] {5, 0}))));
    assertThat(responder.answer("device", builder.build().getEncoded()))
        .isSameAs(OcspAnswer.MALFORMED);
  }

  /** With a nonce, of serial numbers that nobody has, and of several certificates at once. */
  @ParameterizedTest
  @ValueSource(strings = {"nonce", "unknown", "several"})
  void ocsp_flood_isToldToTryLater_whileOthersAreServed_andServedAgainAfterIt(String flood)
      throws Exception {
    BigInteger serial = bench.issue(MONTH).getSerialNumber();
    BigInteger other = bench.issue(MONTH).getSerialNumber();
    int served = 0;
    while (responder.answer("device", flood(flood, serial, served)) != OcspAnswer.TRY_LATER) {
      assertThat(++served).isLessThan(1000);
    }
    assertThat(served).isEqualTo(125);
    assertThat(status(bench.issue(MONTH))).as("asked for the first time").isNull();
    byte[] request = request(null, id(SHA1, other));
    OcspAnswer kept = responder.answer("device", request);
    assertThat(responder.answer("device", request)).isSameAs(kept);
    bench.clock.advance(Duration.ofSeconds(1));
    assertThat(responder.answer("device", flood(flood, serial, served)))
        .isNotSameAs(OcspAnswer.TRY_LATER);
  }

  private byte[] flood(String kind, BigInteger serial, int number) throws Exception {
    CertificateID id = id(SHA1, serial);
    return switch (kind) {
      case "nonce" -> request(32, id);
      case "several" -> request(null, id, id);
      default -> request(null, id(SHA1, BigInteger.valueOf(1000 + number)));
    };
  }

  @Test
  void ocsp_answersSignedAhead_lieReady_areRight_andAreSignedAnewInTime() throws Exception {
    OcspAhead ahead =
        new OcspAhead(bench.registry, responder, () -> List.of("device"), 1, bench.clock);
    X509Certificate certificate = bench.issue(MONTH);
    byte[] request = request(null, id(SHA1, certificate.getSerialNumber()));
    Instant signed = bench.clock.instant().truncatedTo(ChronoUnit.SECONDS);
    ahead.run();
    bench.clock.advance(Duration.ofMinutes(50));
    assertThat(ask(responder, request).getProducedAt().toInstant()).isEqualTo(signed);
    ahead.run();
    assertThat(ask(responder, request).getProducedAt().toInstant()).isEqualTo(signed);

    bench.clock.advance(Duration.ofMinutes(11));
    Instant again = bench.clock.instant().truncatedTo(ChronoUnit.SECONDS);
    ahead.run();
    bench.clock.advance(Duration.ofMinutes(1));
    assertThat(ask(responder, request).getProducedAt().toInstant()).isEqualTo(again);
    bench.revoke(certificate, RevocationReason.KEY_COMPROMISE);
    assertThat(status(certificate)).isInstanceOf(RevokedStatus.class);
  }

  @Test
  void ocsp_unknown_isNotKept_soThatStrangersPushNothingOut() throws Exception {
    byte[] request = request(null, id(SHA1, BigInteger.TEN));
    OcspAnswer first = responder.answer("device", request);
    assertThat(responder.answer("device", request)).isNotSameAs(first);
  }

  @Test
  void ocsp_keptAnswer_isGivenUntilItsEnd_whenThereIsNoTimeToSignAnother() throws Exception {
    byte[] request = request(null, id(SHA1, bench.issue(MONTH).getSerialNumber()));
    OcspAnswer first = responder.answer("device", request);
    bench.clock.advance(Duration.ofHours(2));
    BigInteger serial = bench.issue(MONTH).getSerialNumber();
    while (responder.answer("device", request(32, id(SHA1, serial))) != OcspAnswer.TRY_LATER) {
      // Those for one are used up.
    }
    boolean left = true;
    while (left) {
      for (CertificateID id : spellings(bench.issue(MONTH).getSerialNumber())) {
        left &= responder.answer("device", request(null, id)) != OcspAnswer.TRY_LATER;
      }
    }
    assertThat(responder.answer("device", request)).isSameAs(first);
  }
}
