/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.desk;

import dev.muster.enrollment.audit.Actor;
import dev.muster.enrollment.authority.CertificateAuthorities;
import dev.muster.enrollment.csr.BlockedKeys;
import dev.muster.enrollment.csr.CsrCheck;
import dev.muster.enrollment.csr.CsrVerifier;
import dev.muster.enrollment.csr.KeyKind;
import dev.muster.enrollment.csr.VerifiedCsr;
import dev.muster.enrollment.desk.EnrollmentOutcome.Kind;
import dev.muster.enrollment.desk.EnrollmentOutcome.Refused;
import dev.muster.enrollment.hook.EnrollmentHook;
import dev.muster.enrollment.hook.HookQuestion;
import dev.muster.enrollment.hook.HookUnavailableException;
import dev.muster.enrollment.inventory.CertificateRecord;
import dev.muster.enrollment.inventory.CertificateStatus;
import dev.muster.enrollment.inventory.ClaimRecord;
import dev.muster.enrollment.inventory.DeviceRecord;
import dev.muster.enrollment.inventory.Registry;
import dev.muster.enrollment.issuance.Fingerprint;
import dev.muster.enrollment.issuance.StatusPlaces;
import dev.muster.enrollment.registrar.DeviceProfile;
import dev.muster.enrollment.registrar.EnrollmentDecision;
import dev.muster.enrollment.registrar.EnrollmentRequest;
import dev.muster.enrollment.registrar.HookVerdict;
import dev.muster.enrollment.registrar.Label;
import dev.muster.enrollment.registrar.Profiles;
import dev.muster.enrollment.registrar.RefusalReason;
import dev.muster.enrollment.registrar.Registrar;
import dev.muster.enrollment.registrar.RegistryFacts;
import dev.muster.enrollment.registrar.ShownClaim;
import dev.muster.protocol.identity.Quoted;
import dev.muster.protocol.log.Sparingly;
import io.micrometer.core.instrument.MeterRegistry;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Supplier;
import javax.security.auth.x500.X500Principal;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Serves those who ask for a certificate: finds out who asks, lets the registrar decide, records,
 * and only then hands out.
 *
 * <p>Thread-safe; blocks on the database and signs, so never call it on an event loop.
 */
public final class EnrollmentDesk {
  private static final Logger LOG = LoggerFactory.getLogger(EnrollmentDesk.class);
  private static final int MAX_SHOWN = 96;

  private final Registry registry;
  private final PeerVerifier peers;
  private final TrustView trust;
  private final CertificateAuthorities authorities;
  private final Registrar registrar;
  private final Profiles profiles;
  private final Clock clock;
  private final DecisionRecorder recorder;
  private final Heard heard;
  private final BlockedKeys blocked;
  private final CsrVerifier csrs;
  private final Linking linking;
  private final RequestRates rates;
  private final RenewableKeys renewable;
  private final RefusalLog refusals;
  private final ClaimCheck claims;
  private final ProgramRenewals programs;
  private final @Nullable EnrollmentHook hook;
  private final Sparingly strangers = new Sparingly(System::nanoTime);

  /**
   * What others are told. They return at once.
   *
   * @param superseded certificates were taken back in the course of an enrollment
   * @param used somebody came with the certificate that has this serial number
   */
  public record Heard(Runnable superseded, Consumer<String> used) {}

  /**
   * @param profiles of LDevIDs
   * @param places where the status of each certificate is to be had
   * @param heard who wants to know
   */
  public EnrollmentDesk(
      Registry registry,
      TrustView trust,
      CertificateAuthorities authorities,
      Registrar registrar,
      Profiles profiles,
      StatusPlaces places,
      Clock clock,
      MeterRegistry meters,
      DeskRules rules,
      Heard heard) {
    this.registry = registry;
    this.peers = new PeerVerifier(trust, authorities, rules.crypto());
    this.blocked = rules.blocked();
    this.csrs = new CsrVerifier(rules.crypto(), blocked);
    this.hook = rules.hook();
    this.linking = new Linking(rules.requireChannelBinding());
    this.rates = new RequestRates(rules);
    this.renewable = RenewableKeys.of(rules.crypto());
    this.trust = trust;
    this.authorities = authorities;
    this.refusals = new RefusalLog(registry, clock);
    this.claims = new ClaimCheck(registry, clock);
    this.registrar = registrar;
    this.profiles = profiles;
    this.clock = clock;
    this.recorder = new DecisionRecorder(authorities::deviceIssuer, profiles, places, meters);
    this.heard = heard;
    this.programs =
        new ProgramRenewals(registry, trust, authorities, places, meters, heard.superseded());
  }

  /**
   * A first certificate for a device with an IDevID (RFC 7030, 4.2.1), or with a claim token in its
   * stead or besides it (RFC 7030, 3.2.3).
   *
   * @param label what the URL named
   * @param csr a PKCS#10 request, unverified
   */
  public EnrollmentOutcome enroll(Caller caller, Label label, byte[] csr) {
    return enroll(caller, label, new Ask(() -> csrs.verify(csr), true));
  }

  private EnrollmentOutcome enroll(Caller caller, Label label, Ask ask) {
    TrustAnchors anchors = trust.trustAnchors();
    Peer peer = identify(caller);
    ClaimCheck.Look look = claims.look(caller);
    if (look instanceof ClaimCheck.Look.Denied denied) {
      return refuse(unknown(caller), denied.refusal().kind(), denied.refusal().detail());
    }
    Optional<ClaimRecord> claim =
        look instanceof ClaimCheck.Look.Known known ? Optional.of(known.claim()) : Optional.empty();
    Optional<Applicant> applicant = Applicant.of(peer, claim, trust, clock.instant());
    return applicant.isEmpty()
        ? reject(caller, peer, "IDevID")
        : enroll(caller, applicant.get(), anchors, claim, label, ask);
  }

  /** Whether a device is who it was, on the same terms, now that its turn has come. */
  private boolean isStill(
      Applicant applicant, TrustAnchors then, Caller caller, Optional<ClaimRecord> claim) {
    return trust.trustAnchors() == then
        || Applicant.of(identify(caller), claim, trust, clock.instant())
            .equals(Optional.of(applicant));
  }

  private EnrollmentOutcome enroll(
      Caller caller,
      Applicant applicant,
      TrustAnchors anchors,
      Optional<ClaimRecord> claim,
      Label label,
      Ask ask) {
    Optional<EnrollmentOutcome> slowed = rates.exceededBy(applicant, clock.instant());
    if (slowed.isPresent()) {
      return slowed.get();
    }
    Actor actor = new Actor(applicant.name(), caller.from());
    CsrCheck check = check(caller, ask);
    if (check instanceof CsrCheck.Refused refused) {
      return refuse(actor, Kind.BAD_REQUEST, refused.message());
    }
    boolean required = applicant.manufacturer().policy().claimRequired();
    EnrollmentRequest.First asked = applicant.asks(
        ((CsrCheck.Accepted) check).csr(), label, new ShownClaim(claim.orElse(null), required));
    try {
      HookVerdict said = hook == null ? asked.hook() : hook.ask(question(asked, caller));
      Optional<DecisionRecorder.Result> decided = registry.commit(tables -> {
        // Between the first look and this one lie a queue, the hook, and what operators do.
        if (!isStill(applicant, anchors, caller, claim)) {
          return Optional.empty();
        }
        // As it stands now: somebody may have used it since.
        Optional<ClaimRecord> token =
            claim.map(one -> tables.claims().find(one.id()).orElse(one));
        ShownClaim shown = new ShownClaim(token.orElse(null), required);
        DecisionRecorder.Result result =
            decide(tables, applicant.asks(asked.csr(), label, shown).with(said), actor, ask);
        if (result.outcome() instanceof EnrollmentOutcome.Issued) {
          applicant.recordOrigin(tables);
        }
        return Optional.of(result);
      });
      return decided
          .map(this::finish)
          .orElseGet(() -> refuse(
              actor, Kind.UNAVAILABLE, "manufacturer: changed in the meantime, try again later"));
    } catch (HookUnavailableException e) {
      LOG.error("Hook does not answer reason=\"{}\"", e.getMessage());
      return refuse(actor, Kind.UNAVAILABLE, "hook: does not answer, try again later");
    }
  }

  private HookQuestion question(EnrollmentRequest.First request, Caller caller) {
    String manufacturer = request.manufacturer().name();
    return registry.read(tables -> {
      Optional<DeviceRecord> device = tables.devices().find(manufacturer, request.serial());
      return new HookQuestion(
          manufacturer,
          request.serial(),
          request.factoryKey() == null ? null : Fingerprint.of(caller.chain().get(0)),
          registrar
              .subject(
                  request, device, tables.manufacturers().announced(manufacturer, request.serial()))
              .orElse(null),
          device.isPresent(),
          request.label().fleet(),
          caller.from());
    });
  }

  /**
   * A fresh certificate for a device with an LDevID, or for a program with one of ours (RFC 7030,
   * 4.2.2).
   *
   * @param label as in {@link #enroll}
   */
  public EnrollmentOutcome reenroll(Caller caller, Label label, byte[] csr) {
    // Asked only once it is known that the caller has a certificate of ours.
    return reenroll(caller, label, new Ask(() -> csrs.verify(csr, caller.chain().get(0)), true));
  }

  private EnrollmentOutcome reenroll(Caller caller, Label label, Ask ask) {
    Peer peer = identify(caller);
    if (peer instanceof Peer.Service program) {
      return noted(peer, renewProgram(caller, label, program.certificate(), ask));
    }
    if (peer instanceof Peer.Operational operational) {
      return noted(peer, renew(caller, label, operational.ldevid(), ask));
    }
    if (peer instanceof Peer.Lapsed lapsed) {
      return renew(caller, label, lapsed.ldevid(), ask);
    }
    return reject(caller, peer, "LDevID");
  }

  private EnrollmentOutcome noted(Peer peer, EnrollmentOutcome outcome) {
    if (!(outcome instanceof EnrollmentOutcome.Issued)) {
      noteUse(peer); // Else its successor tells.
    }
    return outcome;
  }

  private EnrollmentOutcome renew(Caller caller, Label label, X509Certificate ldevid, Ask ask) {
    Optional<EnrollmentOutcome> slowed = rates.exceededBy(ldevid, clock.instant());
    if (slowed.isPresent()) {
      return slowed.get();
    }
    CsrCheck check = check(caller, ask);
    if (check instanceof CsrCheck.Refused refused) {
      return refuse(holder(ldevid, caller), Kind.BAD_REQUEST, refused.message());
    }
    VerifiedCsr verified = ((CsrCheck.Accepted) check).csr();
    Optional<DecisionRecorder.Result> result = registry.commit(tables -> tables
        .certificates()
        .find(ldevid)
        .filter(record -> record.device() != null)
        .map(record -> slowed(record)
            .map(DecisionRecorder.Result::undecided)
            .orElseGet(() -> decide(
                tables,
                new EnrollmentRequest.Renewal(record, verified, label),
                new Actor("device:" + record.device(), caller.from()),
                ask))));
    return result
        .map(this::finish)
        .orElseGet(() -> refuse(
            holder(ldevid, caller), Kind.FORBIDDEN, "client certificate: not in the registry"));
  }

  /** One that was taken back, or has ended, must not cost its owner the renewals of the next. */
  private Optional<EnrollmentOutcome> slowed(CertificateRecord presented) {
    Instant now = clock.instant();
    return presented.device() != null && presented.isLive(now)
        ? rates.exceededBy(presented.device(), now)
        : Optional.empty();
  }

  private Peer identify(Caller caller) {
    List<X509Certificate> chain = caller.chain();
    if (!chain.isEmpty() && blocked.contains(Fingerprint.of(chain.get(0).getPublicKey()))) {
      return new Peer.Rejected(
          chain.get(0), "client certificate: its key is on the list of blocked keys");
    }
    return peers.identify(chain, clock.instant());
  }

  /**
   * As {@link #enroll} for a device that has no certificate of ours, and as {@link #reenroll} for
   * one that has; for a key that is made here (RFC 7030, 4.4). It never waits for an operator: by
   * then the key would be another.
   */
  public EnrollmentOutcome generate(Caller caller, Label label, byte[] csr, KeyMaker maker) {
    Peer peer = identify(caller);
    boolean known = peer instanceof Peer.Operational || peer instanceof Peer.Lapsed;
    KeyMaker.Job job = maker.begin(
        csrs.readKeyless(csr),
        caller.chain().isEmpty() ? null : caller.chain().get(0),
        kind(label, known ? caller.chain().get(0) : null));
    Ask ask = new Ask(job::check, false);
    EnrollmentOutcome outcome = known ? reenroll(caller, label, ask) : enroll(caller, label, ask);
    return outcome instanceof EnrollmentOutcome.Issued issued
        ? job.deliver(issued.certificate())
        : outcome;
  }

  /** As its profile wants it: the label's, or that of the certificate that is renewed. */
  private KeyKind kind(Label label, @Nullable X509Certificate renewed) {
    @Nullable DeviceProfile profile = label.profile();
    if (profile == null && renewed != null) {
      profile = registry
          .read(tables -> tables.certificates().find(renewed))
          .flatMap(record -> profiles.find(record.profile()))
          .orElse(null);
    }
    return profile == null ? KeyKind.P256 : profile.keys().get(0);
  }

  /**
   * What is asked.
   *
   * @param csr read when it is known who asks
   * @param mayWait whether it makes sense to let an operator decide
   */
  private record Ask(Supplier<CsrCheck> csr, boolean mayWait) {
    EnrollmentDecision heard(EnrollmentDecision decision) {
      return !mayWait && decision instanceof EnrollmentDecision.Defer defer
          ? new EnrollmentDecision.Refuse(
              RefusalReason.FORBIDDEN,
              "serverkeygen: would wait for an operator, as " + defer.reason()
                  + " (expected: simpleenroll, or a device that was released)",
              defer.cloneAlarm() ? Optional.of(defer.reason()) : Optional.empty(),
              defer.holder())
          : decision;
    }
  }

  private EnrollmentOutcome renewProgram(
      Caller caller, Label label, X509Certificate presented, Ask ask) {
    Optional<EnrollmentOutcome> slowed = rates.exceededBy(presented, clock.instant());
    if (slowed.isPresent()) {
      return slowed.get();
    }
    Actor actor =
        new Actor("program:" + readable(presented.getSubjectX500Principal()), caller.from());
    CsrCheck check = check(caller, ask);
    if (check instanceof CsrCheck.Refused refused) {
      return refuse(actor, Kind.BAD_REQUEST, refused.message());
    }
    if (!label.equals(Label.NONE)) {
      return refuse(
          actor, Kind.BAD_REQUEST, "label: for devices (expected: none in the URL of a program)");
    }
    EnrollmentOutcome outcome =
        programs.renew(presented, ((CsrCheck.Accepted) check).csr(), actor, clock.instant());
    return outcome instanceof Refused refused
        ? refuse(actor, refused.kind(), refused.detail())
        : outcome;
  }

  /** What can be said of a request without the registry. */
  private CsrCheck check(Caller caller, Ask ask) {
    return linking.check(renewable.check(ask.csr().get()), caller.binding());
  }

  private DecisionRecorder.Result decide(
      Registry.Tables tables, EnrollmentRequest request, Actor actor, Ask ask) {
    Instant now = clock.instant();
    RegistryFacts facts = Facts.gather(tables, request, trust, authorities, now);
    return recorder.record(
        new DecisionRecorder.Case(tables, request, facts, actor, now),
        ask.heard(registrar.decide(request, facts, now)));
  }

  private EnrollmentOutcome finish(DecisionRecorder.Result result) {
    result.tell().run();
    if (result.superseded()) {
      heard.superseded.run();
    }
    return result.outcome();
  }

  private void noteUse(Peer peer) {
    if (peer instanceof Peer.Operational operational) {
      noteUse(operational.ldevid());
    } else if (peer instanceof Peer.Service program) {
      noteUse(program.certificate());
    }
  }

  private void noteUse(X509Certificate certificate) {
    heard.used.accept(certificate.getSerialNumber().toString(16));
  }

  private Refused reject(Caller caller, Peer peer, String expected) {
    noteUse(peer);
    if (peer instanceof Peer.Anonymous) {
      return refuse(
          unknown(caller),
          Kind.UNAUTHENTICATED,
          "client certificate: none (expected: the device's " + expected + ")");
    }
    Actor actor = holder(caller.chain().get(0), caller);
    if (peer instanceof Peer.Rejected rejected) {
      return refuse(actor, Kind.UNAUTHENTICATED, rejected.reason());
    }
    if (peer instanceof Peer.Lapsed) {
      return refuse(actor, Kind.UNAUTHENTICATED, "client certificate: expired");
    }
    if (peer instanceof Peer.Barred barred) {
      return refuse(actor, Kind.FORBIDDEN, barred.reason());
    }
    if (peer instanceof Peer.Service) {
      return refuse(
          actor,
          Kind.FORBIDDEN,
          "client certificate: of a service (expected: the device's " + expected + ")");
    }
    if (peer instanceof Peer.Operational) {
      return refuse(
          actor,
          Kind.FORBIDDEN,
          "client certificate: an LDevID (expected: the device's IDevID; renew with simplereenroll)");
    }
    if (peer instanceof Peer.Factory) {
      return refuse(
          actor,
          Kind.FORBIDDEN,
          "client certificate: an IDevID (expected: the device's LDevID; enroll with simpleenroll)");
    }
    throw new IllegalStateException("unknown peer: " + peer);
  }

  /**
   * Whether somebody is neither a device nor a program we know, or one whose certificate was
   * revoked.
   *
   * @return what to say then
   */
  public Optional<Refused> stranger(Caller caller) {
    Peer peer = identify(caller);
    noteUse(peer);
    if (peer instanceof Peer.Factory) {
      return Optional.empty();
    }
    if (peer instanceof Peer.Operational
        || peer instanceof Peer.Lapsed
        || peer instanceof Peer.Service) {
      return isActive(caller.chain().get(0))
          ? Optional.empty()
          : Optional.of(refuse(
              holder(caller.chain().get(0), caller),
              Kind.FORBIDDEN,
              "client certificate: revoked, held, or not in the registry"));
    }
    return Optional.of(reject(caller, peer, "IDevID or LDevID"));
  }

  /**
   * Whether somebody shows a certificate that we have issued, whatever has become of it since. Does
   * not block: it costs one check of a signature if the name of its issuer is one of ours, and none
   * if it was found to be ours before.
   */
  public boolean holdsOurs(Caller caller) {
    return !caller.chain().isEmpty() && peers.isOurs(caller.chain().get(0));
  }

  private boolean isActive(X509Certificate certificate) {
    return registry.read(tables -> tables
        .certificates()
        .find(certificate)
        .filter(record -> record.status() == CertificateStatus.ACTIVE)
        .isPresent());
  }

  private static Actor unknown(Caller caller) {
    return new Actor("stranger", caller.from());
  }

  /** Before any decision of the registrar: nothing is written but a line in the audit log. */
  private Refused refuse(Actor actor, Kind kind, String detail) {
    strangers.say(others -> LOG.warn(
        "Enrollment refused who={} from={} reason=\"{}\" others={}",
        Quoted.of(actor.name()),
        actor.from(),
        detail,
        others));
    refusals.record(actor, detail);
    return new Refused(kind, detail);
  }

  static void tellRefused(Actor actor, String detail) {
    LOG.warn(
        "Enrollment refused who={} from={} reason=\"{}\"",
        Quoted.of(actor.name()),
        actor.from(),
        detail);
  }

  /** Somebody whom the registry does not know, but for the certificate. */
  private static Actor holder(X509Certificate certificate, Caller caller) {
    return new Actor(
        "stranger:" + shown(certificate.getSubjectX500Principal())
            + " issuer=" + shown(certificate.getIssuerX500Principal())
            + " fingerprint=" + Fingerprint.of(certificate),
        caller.from());
  }

  /** Not all of a name that its bearer has chosen, so that the fingerprint stays to be read. */
  private static String shown(X500Principal name) {
    String text = readable(name);
    return text.length() <= MAX_SHOWN ? text : text.substring(0, MAX_SHOWN) + "...";
  }

  /** RFC 2253 would print the serial number of a device as hex of its DER. */
  private static String readable(X500Principal name) {
    return name.getName(X500Principal.RFC2253, Map.of("2.5.4.5", "serialNumber"));
  }
}
