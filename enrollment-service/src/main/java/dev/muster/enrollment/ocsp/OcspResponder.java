/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.ocsp;

import dev.muster.enrollment.inventory.IssuedStatus;
import dev.muster.enrollment.inventory.Registry;
import dev.muster.enrollment.issuance.CertificateIssuer;
import dev.muster.enrollment.issuance.IssuanceException;
import dev.muster.enrollment.issuance.RevocationReason;
import dev.muster.enrollment.sql.SqlFailedException;
import io.vertx.core.buffer.Buffer;
import java.io.IOException;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Date;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.bouncycastle.asn1.ASN1GeneralizedTime;
import org.bouncycastle.asn1.ocsp.RevokedInfo;
import org.bouncycastle.asn1.x509.CRLReason;
import org.bouncycastle.asn1.x509.Extensions;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.cert.jcajce.JcaX509CertificateHolder;
import org.bouncycastle.cert.ocsp.BasicOCSPRespBuilder;
import org.bouncycastle.cert.ocsp.CertificateID;
import org.bouncycastle.cert.ocsp.CertificateStatus;
import org.bouncycastle.cert.ocsp.OCSPException;
import org.bouncycastle.cert.ocsp.OCSPResp;
import org.bouncycastle.cert.ocsp.OCSPRespBuilder;
import org.bouncycastle.cert.ocsp.RespID;
import org.bouncycastle.cert.ocsp.RevokedStatus;
import org.bouncycastle.cert.ocsp.UnknownStatus;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaDigestCalculatorProviderBuilder;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Answers for our issuing CAs. The status is read from the registry each time, so that an answer is
 * right whoever has changed it; only signatures are kept, for as long as they still say so. The
 * first who asks about a certificate has its answer signed, unless {@link OcspAhead} was there
 * before; from then on it lies ready.
 *
 * <p>Thread-safe; blocks on the database and signs, so never call it on an event loop.
 */
public final class OcspResponder {
  private static final Logger LOG = LoggerFactory.getLogger(OcspResponder.class);
  private static final int MAX_KEPT = 20_000;
  private static final int SIGNATURES_PER_SECOND = 500;

  /** Of those, for answers of use to nobody but who asked: a stranger can ask for any number. */
  private static final int SIGNATURES_FOR_ONE_PER_SECOND = SIGNATURES_PER_SECOND / 4;

  /** Of those, for answers that are kept, about numbers that a stranger has from the CRL. */
  private static final int SIGNATURES_FOR_TAKEN_BACK_PER_SECOND = SIGNATURES_PER_SECOND / 4;

  private static final int MAX_SERIAL_BITS = 159;

  private final Registry registry;
  private final Supplier<Map<String, CertificateIssuer>> issuers;
  private final Duration validity;
  private final Duration refresh;
  private final Clock clock;
  private final Budget signatures;
  private final Budget signaturesForOne;
  private final Budget signaturesForTakenBack;
  private final Map<String, Authority> authorities = new ConcurrentHashMap<>();
  private final KeptAnswers kept;

  /**
   * @param issuers by id, as they are at the time
   * @param validity from an answer's thisUpdate to its nextUpdate; a day at most
   * @param refresh after which an answer is signed anew, whether or not it says anything new
   */
  public OcspResponder(
      Registry registry,
      Supplier<Map<String, CertificateIssuer>> issuers,
      Duration validity,
      Duration refresh,
      Clock clock) {
    this(registry, issuers, validity, refresh, clock, MAX_KEPT);
  }

  /** @param most answers that are kept, of certificates in use and of others */
  OcspResponder(
      Registry registry,
      Supplier<Map<String, CertificateIssuer>> issuers,
      Duration validity,
      Duration refresh,
      Clock clock,
      int most) {
    this.registry = registry;
    this.issuers = issuers;
    this.validity = min(validity, OcspSigner.MAX_ANSWER);
    this.refresh = min(refresh, this.validity.dividedBy(2));
    this.clock = clock;
    this.signatures = new Budget(SIGNATURES_PER_SECOND, clock.instant());
    this.signaturesForOne = new Budget(SIGNATURES_FOR_ONE_PER_SECOND, clock.instant());
    this.signaturesForTakenBack = new Budget(SIGNATURES_FOR_TAKEN_BACK_PER_SECOND, clock.instant());
    this.kept = new KeptAnswers(most);
  }

  private static Duration min(Duration a, Duration b) {
    return a.compareTo(b) < 0 ? a : b;
  }

  /** One issuer that we speak for. */
  private record Authority(CertificateIssuer issuer, IssuerHashes hashes, OcspSigner signer) {}

  /** Whether there is such an issuer. */
  boolean knows(String issuer) {
    return issuers.get().containsKey(issuer);
  }

  /**
   * Answers a request.
   *
   * @param issuer id of the CA in whose name
   * @param der an OCSPRequest, or anything else that somebody sent
   */
  OcspAnswer answer(String issuer, byte[] der) {
    Optional<OcspQuery> query = OcspQuery.parse(der);
    @Nullable Authority authority = authority(issuer);
    if (query.isEmpty()) {
      return OcspAnswer.MALFORMED;
    }
    if (authority == null
        || !query.get().certificates().stream().allMatch(authority.hashes::matches)) {
      return OcspAnswer.UNAUTHORIZED;
    }
    return answerOrFailure(authority, query.get());
  }

  /** After which an answer is signed anew. */
  Duration refresh() {
    return refresh;
  }

  /** Has an answer lie ready for whoever asks about a certificate next. */
  void prepare(String issuer, String serial) {
    @Nullable Authority authority = authority(issuer);
    if (authority == null) {
      return;
    }
    CertificateID id = authority.hashes.id(new BigInteger(serial, 16));
    Optional<KeptAnswers.Kept> ready = kept.find(key(authority, id));
    // Whether it is still right is looked at when it is given.
    if (ready.filter(known -> isFresh(known.answer())).isEmpty()) {
      answerOrFailure(authority, new OcspQuery(List.of(id), null));
    }
  }

  private OcspAnswer answerOrFailure(Authority authority, OcspQuery query) {
    try {
      return answer(authority, query);
    } catch (SqlFailedException | IssuanceException e) {
      LOG.error("OCSP request failed reason=\"registry or CA out of order\"", e);
      return OcspAnswer.TRY_LATER;
    } catch (GeneralSecurityException | OCSPException | IOException | OperatorCreationException e) {
      LOG.error("OCSP request failed", e);
      return OcspAnswer.INTERNAL_ERROR;
    }
  }

  private @Nullable Authority authority(String id) {
    @Nullable CertificateIssuer issuer = issuers.get().get(id);
    return issuer == null
        ? null
        : authorities.compute(
            id,
            (none, known) -> known != null && known.issuer.equals(issuer)
                ? known
                : new Authority(
                    issuer,
                    new IssuerHashes(issuer.certificate()),
                    new OcspSigner(issuer, registry)));
  }

  private OcspAnswer answer(Authority authority, OcspQuery query)
      throws GeneralSecurityException, OCSPException, IOException, OperatorCreationException {
    List<Optional<IssuedStatus>> statuses = read(authority.issuer.id(), query);
    CertificateID id = query.certificates().get(0);
    Optional<IssuedStatus> forAll = query.nonce() == null && statuses.size() == 1
        ? statuses.get(0).filter(status -> isKept(status, id))
        : Optional.empty();
    if (forAll.isEmpty()) {
      return signaturesForOne.take(clock.instant())
          ? sign(authority, query, statuses)
          : turnedAway();
    }
    IssuedStatus status = forAll.get();
    String key = key(authority, id);
    Optional<OcspAnswer> before = kept.find(key)
        .filter(known -> known.status().equals(status))
        .map(KeptAnswers.Kept::answer)
        .filter(this::isGood);
    if (before.filter(this::isFresh).isPresent()) {
      return before.get();
    }
    OcspAnswer answer = status.isTakenBack() && !signaturesForTakenBack.take(clock.instant())
        ? turnedAway()
        : sign(authority, query, statuses);
    if (answer.good() != null) {
      kept.put(key, new KeptAnswers.Kept(status, answer));
    }
    // An older one is as right, for as long as it says itself.
    return answer == OcspAnswer.TRY_LATER ? before.orElse(answer) : answer;
  }

  /**
   * Of what was taken back, which a stranger can read on the CRL, one answer is kept for each hash,
   * so that all of them have room.
   */
  private static boolean isKept(IssuedStatus status, CertificateID id) {
    return !status.isTakenBack() || IssuerHashes.isUsual(id);
  }

  private static String key(Authority authority, CertificateID id) {
    try {
      return authority.issuer.id()
          + HexFormat.of().formatHex(id.toASN1Primitive().getEncoded());
    } catch (IOException e) {
      throw new IllegalStateException("a CertID without an encoding", e);
    }
  }

  private boolean isGood(OcspAnswer answer) {
    Instant now = clock.instant();
    return answer
        .period()
        .filter(period -> !now.isBefore(period.thisUpdate()))
        .filter(period -> now.isBefore(period.nextUpdate()))
        .isPresent();
  }

  private boolean isFresh(OcspAnswer answer) {
    return answer
        .period()
        .filter(period -> clock.instant().isBefore(period.thisUpdate().plus(refresh)))
        .isPresent();
  }

  private static OcspAnswer turnedAway() {
    LOG.debug("OCSP request turned away reason=\"too many at once\"");
    return OcspAnswer.TRY_LATER;
  }

  private List<Optional<IssuedStatus>> read(String issuer, OcspQuery query) {
    return registry.read(tables -> query.certificates().stream()
        .map(CertificateID::getSerialNumber)
        .map(serial -> isPossible(serial)
            ? tables
                .certificates()
                .status(serial.toString(16))
                .filter(status -> status.issuer().equals(issuer))
            : Optional.<IssuedStatus>empty())
        .toList());
  }

  private static boolean isPossible(BigInteger serial) {
    return serial.signum() > 0 && serial.bitLength() <= MAX_SERIAL_BITS;
  }

  private OcspAnswer sign(
      Authority authority, OcspQuery query, List<Optional<IssuedStatus>> statuses)
      throws GeneralSecurityException, OCSPException, IOException, OperatorCreationException {
    Instant now = clock.instant();
    if (!signatures.take(now)) {
      return turnedAway();
    }
    OcspSigner.Credential credential = authority.signer.at(now);
    Instant thisUpdate = now.truncatedTo(ChronoUnit.SECONDS);
    Instant end = credential.certificate().getNotAfter().toInstant();
    Instant wanted = thisUpdate.plus(validity);
    Instant nextUpdate = wanted.isBefore(end) ? wanted : end;
    BasicOCSPRespBuilder builder = new BasicOCSPRespBuilder(responder(credential));
    for (int i = 0; i < statuses.size(); i++) {
      builder.addResponse(
          query.certificates().get(i),
          status(statuses.get(i)),
          Date.from(thisUpdate),
          Date.from(nextUpdate),
          null);
    }
    if (query.nonce() != null) {
      builder.setResponseExtensions(new Extensions(query.nonce()));
    }
    OCSPResp response = new OCSPRespBuilder()
        .build(
            OCSPRespBuilder.SUCCESSFUL,
            builder.build(
                OcspSigner.contentSigner(credential),
                new X509CertificateHolder[] {new JcaX509CertificateHolder(credential.certificate())
                },
                Date.from(thisUpdate)));
    boolean forAll = query.nonce() == null;
    return new OcspAnswer(
        Buffer.buffer(response.getEncoded()),
        forAll ? new OcspAnswer.Period(thisUpdate, nextUpdate) : null);
  }

  /** By key, which is shorter than the name (RFC 5019, 2.2.2). */
  private static RespID responder(OcspSigner.Credential credential)
      throws OCSPException, OperatorCreationException {
    SubjectPublicKeyInfo key =
        SubjectPublicKeyInfo.getInstance(credential.keys().getPublic().getEncoded());
    return new RespID(key, new JcaDigestCalculatorProviderBuilder().build().get(RespID.HASH_SHA1));
  }

  private static @Nullable CertificateStatus status(Optional<IssuedStatus> found) {
    if (found.isEmpty()) {
      return new UnknownStatus();
    }
    IssuedStatus status = found.get();
    @Nullable Instant revokedAt = status.revokedAt();
    @Nullable RevocationReason reason = status.reason();
    if (revokedAt == null || reason == null) {
      return CertificateStatus.GOOD;
    }
    // unspecified is left out, as on CRLs (RFC 5280, 5.3.1).
    @Nullable CRLReason code =
        reason == RevocationReason.UNSPECIFIED ? null : CRLReason.lookup(reason.code());
    Date since = Date.from(revokedAt.truncatedTo(ChronoUnit.SECONDS));
    return new RevokedStatus(new RevokedInfo(new ASN1GeneralizedTime(since), code));
  }
}
