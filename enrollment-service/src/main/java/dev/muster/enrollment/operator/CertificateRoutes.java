/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.operator;

import dev.muster.enrollment.audit.Actor;
import dev.muster.enrollment.audit.AuditEvent;
import dev.muster.enrollment.authority.CertificateAuthorities;
import dev.muster.enrollment.csr.CsrCheck;
import dev.muster.enrollment.csr.VerifiedCsr;
import dev.muster.enrollment.desk.ReservedKeys;
import dev.muster.enrollment.inventory.CertificateRecord;
import dev.muster.enrollment.inventory.CertificateStatus;
import dev.muster.enrollment.inventory.Registry;
import dev.muster.enrollment.inventory.Within;
import dev.muster.enrollment.issuance.CertificateIssuer;
import dev.muster.enrollment.issuance.CertificateProfile;
import dev.muster.enrollment.issuance.Fingerprint;
import dev.muster.enrollment.issuance.IssuedCertificate;
import dev.muster.enrollment.issuance.RevocationReason;
import dev.muster.enrollment.issuance.StatusPlaces;
import dev.muster.enrollment.revocation.AppliedAnswer;
import dev.muster.enrollment.revocation.RevocationPush;
import dev.muster.enrollment.revocation.Revocations;
import dev.muster.protocol.file.Pem;
import dev.muster.protocol.identity.DeviceId;
import dev.muster.protocol.identity.FleetName;
import io.vertx.core.Future;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import io.vertx.ext.web.handler.HttpException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** {@code /certificates}: look, issue to services, take back. */
final class CertificateRoutes {
  private static final Logger LOG = LoggerFactory.getLogger(CertificateRoutes.class);
  private static final Duration VALIDITY = Duration.ofDays(365);
  private static final long APPLIED_LIMIT_MS = 2_000;

  private final OperatorParts parts;
  private final Work work;

  CertificateRoutes(OperatorParts parts, Work work) {
    this.parts = parts;
    this.work = work;
  }

  void mount(Router router) {
    router.get("/certificates").handler(this::list);
    router.get("/certificates/:serial").handler(this::show);
    router.post("/certificates").handler(this::issue);
    router.post("/certificates/:serial/revoke").handler(request -> {
      String label = Work.optional(Work.body(request), "reason");
      RevocationReason reason =
          Work.checked(() -> RevocationReason.of(label == null ? "unspecified" : label));
      @Nullable Instant since = time("since", Work.optional(Work.body(request), "since"));
      takeBack(
          request,
          revocations -> revocations.revoke(Work.actor(request), serial(request), reason, since));
    });
    router
        .post("/certificates/:serial/hold")
        .handler(request -> takeBack(
            request, revocations -> revocations.hold(Work.actor(request), serial(request))));
    router
        .post("/certificates/:serial/unhold")
        .handler(request -> takeBack(
            request, revocations -> revocations.unhold(Work.actor(request), serial(request))));
  }

  private static @Nullable Instant time(String name, @Nullable String text) {
    return text == null ? null : Work.time(name, text);
  }

  private void list(RoutingContext request) {
    int limit = Work.limit(request);
    String after = Work.after(request);
    String device = request.request().getParam("device");
    String status = request.request().getParam("status");
    @Nullable Instant before = time("endsBefore", request.request().getParam("endsBefore"));
    @Nullable CertificateStatus wanted =
        status == null ? null : Work.checked(() -> CertificateStatus.of(status));
    if (Stream.of(device, before, wanted).filter(Objects::nonNull).count() > 1) {
      throw Work.badRequest("device, endsBefore, status: expected one of them at most");
    }
    Within within = Work.within(request);
    work.answer(request, 200, () -> {
      List<CertificateRecord> page = parts.registry().read(tables -> {
        if (device != null) {
          return DeviceId.isValid(device)
              ? tables.certificates().of(new DeviceId(device))
              : List.<CertificateRecord>of();
        }
        if (before != null) {
          return tables.certificates().ending(within, before, after, limit);
        }
        return wanted != null
            ? tables.certificates().page(within, wanted, after, limit)
            : tables.certificates().page(within, after, limit);
      });
      JsonArray certificates = new JsonArray();
      page.forEach(record -> certificates.add(json(record)));
      boolean more = device == null && page.size() == limit;
      return new JsonObject()
          .put("certificates", certificates)
          .put("next", more ? page.get(page.size() - 1).serial() : null);
    });
  }

  private void show(RoutingContext request) {
    String serial = serial(request);
    Within within = Work.within(request);
    work.answer(request, 200, () -> {
      CertificateRecord record =
          find(within, serial).orElseThrow(() -> Work.notFound("certificate", serial));
      return json(record).put("certificate", Pem.of(List.of(record.certificate())));
    });
  }

  private Optional<CertificateRecord> find(Within within, String serial) {
    return parts
        .registry()
        .read(tables -> tables
            .certificates()
            .find(serial)
            .filter(record -> within.isAll()
                || record.device() != null
                    && tables
                        .devices()
                        .areWithin(within, List.of(record.device().value()))));
  }

  private void issue(RoutingContext request) {
    JsonObject body = Work.body(request);
    String role = Work.checked(() -> CertificateAuthorities.checkRole(Work.required(body, "role")));
    if (role.equals(CertifiedOperator.ROLE)
        && Boolean.FALSE.equals(request.get(OperatorRoutes.MAKES_OPERATORS))) {
      throw new HttpException(
          403, "role: operator (expected: an admin to issue it, as operators sign in with it)");
    }
    String name = Work.checked(() -> CertificateAuthorities.checkName(Work.required(body, "name")));
    String fleetName = Work.optional(body, "fleet");
    @Nullable FleetName fleet = fleetName == null ? null : Work.checked(() -> new FleetName(fleetName));
    byte[] der = Work.checked(() -> Pem.certificationRequest(Work.required(body, "csr")));
    Actor actor = Work.actor(request);
    work.answer(request, 201, () -> {
      VerifiedCsr csr = verified(der, name);
      CertificateRecord record = sign(csr, name, role, fleet, actor);
      LOG.info(
          "Certificate issued name={} role={} fleet={} serial={} notAfter={}",
          name,
          role,
          fleet,
          record.serial(),
          record.notAfter());
      X509Certificate issued = record.certificate();
      return new JsonObject()
          .put("serial", record.serial())
          .put("certificate", Pem.of(List.of(issued)))
          .put("chain", Pem.of(chain(issued)));
    });
  }

  private List<X509Certificate> chain(X509Certificate issued) {
    List<X509Certificate> chain =
        new ArrayList<>(parts.authorities().serviceChain(parts.clock().instant()));
    chain.add(0, issued);
    return chain;
  }

  private VerifiedCsr verified(byte[] der, String name) {
    CsrCheck check = parts.csrs().verify(der);
    if (check instanceof CsrCheck.Refused refused) {
      throw Work.badRequest("csr: " + refused.message());
    }
    VerifiedCsr csr = ((CsrCheck.Accepted) check).csr();
    boolean ownName = csr.names().isEmpty()
        || csr.name("CN").map(name::equals).orElse(false) && csr.names().size() == 1;
    if (!ownName || !csr.uris().isEmpty()) {
      throw Work.badRequest("csr: names (expected: an empty subject, or CN=" + name + " alone)");
    }
    return csr;
  }

  private CertificateRecord sign(
      VerifiedCsr csr, String name, String role, @Nullable FleetName fleet, Actor actor) {
    Instant now = parts.clock().instant();
    // Writers take turns, so that no two find one name free.
    return parts.registry().commit(tables -> sign(tables, csr, name, role, fleet, actor, now));
  }

  private CertificateRecord sign(
      Registry.Tables tables,
      VerifiedCsr csr,
      String name,
      String role,
      @Nullable FleetName fleet,
      Actor actor,
      Instant now) {
    if (isTaken(tables, csr)) {
      throw Work.conflict("csr: its key is in use already (expected: a new key)");
    }
    ServiceNames names = new ServiceNames(tables, parts.authorities().history());
    names.conflict(name, role, fleet, now).ifPresent(conflict -> {
      throw Work.conflict(conflict);
    });
    CertificateIssuer issuer = parts.authorities().serviceIssuer();
    StatusPlaces.Place place = parts.places().next(issuer.id());
    IssuedCertificate issued = issuer.issue(
        CertificateProfile.service(name, role, fleet, VALIDITY, place.urls()),
        csr.subjectKey(),
        now);
    CertificateRecord record =
        CertificateRecord.issued(issuer.id(), role, null, null, now, issued).in(place.shard());
    tables.certificates().insert(record);
    tables
        .audit()
        .append(
            AuditEvent.of(actor, "certificate.issued", "certificate:" + record.serial())
                .with("subject", record.certificate().getSubjectX500Principal().getName())
                .with("key", record.key())
                .with("notAfter", record.notAfter()),
            now);
    return record;
  }

  private boolean isTaken(Registry.Tables tables, VerifiedCsr csr) {
    return tables.certificates().findByKey(csr.keyFingerprint()).isPresent()
        || ReservedKeys.contains(tables, csr.keyFingerprint(), parts.trust(), parts.authorities());
  }

  private void takeBack(RoutingContext request, Function<Revocations, Revocations.Outcome> change) {
    Revocations revocations = parts.revocations().within(Work.within(request));
    work.run(request, () -> change.apply(revocations), outcome -> {
      if (outcome instanceof Revocations.Outcome.Published published) {
        applied(published).onSuccess(answers -> Work.send(request, 200, json(published, answers)));
      } else if (outcome instanceof Revocations.Outcome.Impossible impossible) {
        request.fail(Work.conflict(impossible.detail()));
      } else {
        request.fail(Work.notFound("certificate", String.valueOf(request.pathParam("serial"))));
      }
    });
  }

  private Future<List<AppliedAnswer>> applied(Revocations.Outcome.Published published) {
    @Nullable RevocationPush push = parts.push().get();
    return push == null
        ? Future.succeededFuture(List.of())
        : push.applied(published.crl().issuer(), published.crl().number(), APPLIED_LIMIT_MS);
  }

  private static JsonObject json(
      Revocations.Outcome.Published published, List<AppliedAnswer> answers) {
    JsonArray brokers = new JsonArray();
    answers.forEach(answer -> brokers.add(new JsonObject()
        .put("broker", answer.broker())
        .put("cut", answer.cut())
        .put("remaining", answer.remaining())
        .put("tookMs", answer.tookMs())));
    return new JsonObject()
        .put("serial", published.certificate().serial())
        .put("crlNumber", Long.toString(published.crl().number()))
        .put("status", published.certificate().status().label())
        .put("brokers", brokers)
        .put("also", new JsonArray(published.also()))
        .put("stillLive", new JsonArray(published.stillLive()));
  }

  private static String serial(RoutingContext request) {
    // openssl prints AA:BB and upper case, and leading zeros do not count.
    String text =
        String.valueOf(request.pathParam("serial")).replace(":", "").toLowerCase(Locale.ROOT);
    return text.replaceFirst("^0+(?=.)", "");
  }

  static JsonObject json(CertificateRecord record) {
    @Nullable RevocationReason reason = record.reason();
    @Nullable Instant revokedAt = record.revokedAt();
    @Nullable Instant usedAt = record.usedAt();
    return new JsonObject()
        .put("serial", record.serial())
        .put("issuer", record.issuer())
        .put("role", record.role())
        .put("device", record.device() == null ? null : record.device().value())
        .put("subject", record.certificate().getSubjectX500Principal().getName())
        .put("fingerprint", Fingerprint.of(record.certificate()).hex())
        .put("replaces", record.replaces())
        .put("notBefore", record.certificate().getNotBefore().toInstant().toString())
        .put("notAfter", record.notAfter().toString())
        .put("issuedAt", record.issuedAt().toString())
        .put("status", record.status().label())
        .put("reason", reason == null ? null : reason.label())
        .put("revokedAt", revokedAt == null ? null : revokedAt.toString())
        .put("usedAt", usedAt == null ? null : usedAt.toString());
  }
}
