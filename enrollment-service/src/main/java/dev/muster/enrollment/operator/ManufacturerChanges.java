/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.operator;

import dev.muster.enrollment.audit.Actor;
import dev.muster.enrollment.audit.AuditEvent;
import dev.muster.enrollment.idevid.ProofOfPossession;
import dev.muster.enrollment.inventory.Admission;
import dev.muster.enrollment.inventory.Distrust;
import dev.muster.enrollment.inventory.Manufacturer;
import dev.muster.enrollment.inventory.ManufacturerCa;
import dev.muster.enrollment.inventory.ManufacturerCa.Challenge;
import dev.muster.enrollment.inventory.ManufacturerPolicy;
import dev.muster.enrollment.inventory.Manufacturers;
import dev.muster.enrollment.inventory.Registry;
import dev.muster.enrollment.manufacturer.CrlStore;
import dev.muster.protocol.identity.Quoted;
import io.vertx.core.json.JsonObject;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What an operator does to manufacturers and their CAs: one transaction each, with its audit. */
final class ManufacturerChanges {
  private static final Logger LOG = LoggerFactory.getLogger(ManufacturerChanges.class);

  /** As many as the registry keeps. */
  private static final int MAX_URL = 500;

  /** For a ceremony with a CA that is kept in a safe. */
  private static final Duration CHALLENGE_LIFE = Duration.ofDays(7);

  private final OperatorParts parts;
  private final AnchorChecks anchors;
  private final CrlStore crls;
  private final SecureRandom random = new SecureRandom();

  ManufacturerChanges(OperatorParts parts) {
    this.parts = parts;
    this.anchors = new AnchorChecks(parts.authorities(), parts.clock());
    this.crls = new CrlStore(parts.registry(), parts.trust(), parts.clock());
  }

  /** Within a transaction that has kept out all others who change manufacturers. */
  private interface Change {
    Manufacturer in(Registry.Tables tables, Instant now);
  }

  private Manufacturer commit(Change change) {
    Instant now = parts.clock().instant();
    Manufacturer result = parts.registry().commit(tables -> {
      tables.manufacturers().changing();
      return change.in(tables, now);
    });
    parts.trust().refresh();
    LOG.info("Manufacturer saved name={} policy={}", result.name(), result.policy());
    return result;
  }

  /** Registers a manufacturer, or more CAs of one, or other terms. */
  Manufacturer add(String name, List<X509Certificate> cas, JsonObject body, Actor actor) {
    cas.forEach(anchors::check);
    return commit((tables, now) -> {
      List<Manufacturer> all = tables.manufacturers().all();
      AnchorChecks.checkOwners(all, name, cas);
      Optional<Manufacturer> before =
          all.stream().filter(one -> one.name().equals(name)).findFirst();
      if (before.isEmpty()) {
        AnchorChecks.checkName(all, name);
      }
      ManufacturerPolicy terms = ManufacturerJson.policy(
          body,
          before
              .map(Manufacturer::policy)
              .orElseGet(() -> ManufacturerPolicy.of(Admission.REGISTERED, null)));
      Manufacturer next = Work.checked(() -> new Manufacturer(
          name,
          terms,
          before.map(Manufacturer::distrust).orElse(null),
          joined(before.map(Manufacturer::cas).orElse(List.of()), cas, now)));
      tables.manufacturers().save(next, now);
      auditAdded(tables, before, next, actor, now);
      return next;
    });
  }

  private List<ManufacturerCa> joined(
      List<ManufacturerCa> before, List<X509Certificate> added, Instant now) {
    List<ManufacturerCa> all = new ArrayList<>(before);
    for (X509Certificate ca : added) {
      Optional<ManufacturerCa> known =
          all.stream().filter(one -> one.certificate().equals(ca)).findFirst();
      known.ifPresent(all::remove);
      all.add(registered(ca, known, all, now));
    }
    return all;
  }

  private ManufacturerCa registered(
      X509Certificate ca,
      Optional<ManufacturerCa> known,
      List<ManufacturerCa> others,
      Instant now) {
    if (known.isPresent() && !awaitsNewChallenge(known.get(), now)) {
      return known.get();
    }
    // Proven is the key: a renewed certificate of the CA needs no second proof.
    Optional<ManufacturerCa> twin = others.stream()
        .filter(one -> one.certificate().getPublicKey().equals(ca.getPublicKey()))
        .findFirst();
    if (twin.isPresent() && twin.get().isProven()) {
      return new ManufacturerCa(ca, twin.get().provenAt(), null, twin.get().distrust(), null);
    }
    return new ManufacturerCa(
        ca,
        null,
        new Challenge(ProofOfPossession.newChallenge(random), now.plus(CHALLENGE_LIFE)),
        known.map(ManufacturerCa::distrust).orElse(null),
        known.map(ManufacturerCa::crlUrl).orElse(null));
  }

  private static boolean awaitsNewChallenge(ManufacturerCa ca, Instant now) {
    return !ca.isProven()
        && (ca.challenge() == null || !now.isBefore(ca.challenge().until()));
  }

  private static void auditAdded(
      Registry.Tables tables,
      Optional<Manufacturer> before,
      Manufacturer next,
      Actor actor,
      Instant now) {
    if (before.isEmpty()) {
      AuditEvent event = event(actor, "manufacturer.registered", next);
      for (Map.Entry<String, Object> term : ManufacturerJson.of(next.policy())) {
        event = event.with(term.getKey(), term.getValue());
      }
      tables.audit().append(event, now);
    } else {
      auditTerms(tables, before.get(), next, actor, now);
    }
    for (ManufacturerCa ca : next.cas()) {
      if (before.flatMap(one -> one.ca(ca.certificate())).isEmpty()) {
        tables.audit().append(event(actor, "manufacturer-ca.registered", next, ca), now);
      }
    }
  }

  private static void auditTerms(
      Registry.Tables tables, Manufacturer before, Manufacturer next, Actor actor, Instant now) {
    JsonObject old = ManufacturerJson.of(before.policy());
    AuditEvent event = event(actor, "manufacturer.changed", next);
    for (Map.Entry<String, Object> term : ManufacturerJson.of(next.policy())) {
      Object was = old.getValue(term.getKey());
      if (!String.valueOf(was).equals(String.valueOf(term.getValue()))) {
        event = event.with(term.getKey(), was + " -> " + term.getValue());
      }
    }
    if (!event.details().isEmpty()) {
      tables.audit().append(event, now);
    }
  }

  /** Takes a certificate over the challenge of one of its CAs for proof. */
  Manufacturer prove(String name, X509Certificate proof, Actor actor) {
    return commit((tables, now) -> {
      Manufacturer before = find(tables.manufacturers(), name);
      ManufacturerCa ca = proven(before, proof, now);
      Manufacturer next = withKey(
          before,
          ca,
          one -> new ManufacturerCa(one.certificate(), now, null, one.distrust(), one.crlUrl()));
      tables.manufacturers().save(next, now);
      tables.audit().append(event(actor, "manufacturer-ca.proven", next, ca), now);
      return next;
    });
  }

  private static ManufacturerCa proven(
      Manufacturer manufacturer, X509Certificate proof, Instant now) {
    List<ManufacturerCa> waiting =
        manufacturer.cas().stream().filter(ca -> ca.challenge() != null).toList();
    if (waiting.isEmpty()) {
      throw Work.conflict("manufacturer: each of its CAs is proven already");
    }
    String flaw = "";
    for (ManufacturerCa ca : waiting) {
      Challenge challenge = ca.challenge();
      Optional<String> problem = challenge == null || now.isAfter(challenge.until())
          ? Optional.of("challenge: ended (expected: a new one; register the CA again)")
          : ProofOfPossession.flaw(ca.certificate(), challenge.text(), proof);
      if (problem.isEmpty()) {
        return ca;
      }
      flaw = problem.get();
    }
    throw Work.badRequest(flaw);
  }

  /** Other terms. */
  Manufacturer policy(String name, JsonObject body, Precondition seen, Actor actor) {
    return commit((tables, now) -> {
      Manufacturer before = seen(tables, name, seen);
      Manufacturer next = before.with(ManufacturerJson.policy(body, before.policy()));
      tables.manufacturers().save(next, now);
      auditTerms(tables, before, next, actor, now);
      return next;
    });
  }

  /**
   * Trusts a manufacturer or not.
   *
   * @param ca only this one, by fingerprint; null for the manufacturer as a whole
   * @param distrust null to trust again
   */
  Manufacturer trust(
      String name,
      @Nullable String ca,
      @Nullable Distrust distrust,
      Precondition seen,
      Actor actor) {
    return commit((tables, now) -> {
      Manufacturer before = seen(tables, name, seen);
      String verb = distrust == null ? "enabled" : "disabled";
      AuditEvent event;
      Manufacturer next;
      if (ca == null) {
        next = before.with(distrust);
        event = event(actor, "manufacturer." + verb, next)
            .with("before", before.distrust() == null ? "enabled" : "disabled");
      } else {
        ManufacturerCa chosen = chosen(before, ca);
        next = withKey(
            before,
            chosen,
            one -> new ManufacturerCa(
                one.certificate(), one.provenAt(), one.challenge(), distrust, one.crlUrl()));
        event =
            event(actor, "manufacturer-ca." + verb, next, chosen).with("before", chosen.status());
      }
      tables.manufacturers().save(next, now);
      if (distrust != null) {
        event = event.with("from", distrust.from()).with("renewals", distrust.renewals());
      }
      tables.audit().append(event, now);
      return next;
    });
  }

  /** Keeps the CRL of one of its CAs. */
  Manufacturer crl(String name, @Nullable String ca, String pem, Actor actor) {
    Manufacturer manufacturer = parts.registry().read(tables -> find(tables.manufacturers(), name));
    ManufacturerCa chosen = chosenOrOnly(manufacturer, ca);
    byte[] encoded = pem.getBytes(StandardCharsets.US_ASCII);
    Work.checked(() -> crls.store(name, chosen, encoded, actor));
    return manufacturer;
  }

  /** @param url where the CRL of one of its CAs is to be fetched from now on; empty for nowhere */
  Manufacturer crlUrl(String name, @Nullable String ca, String url, Actor actor) {
    @Nullable URI place = url.isEmpty() ? null : Work.checked(() -> httpUrl(url));
    return commit((tables, now) -> {
      Manufacturer before = find(tables.manufacturers(), name);
      ManufacturerCa chosen = chosenOrOnly(before, ca);
      List<ManufacturerCa> cas = before.cas().stream()
          .map(one -> one.equals(chosen)
              ? new ManufacturerCa(
                  one.certificate(), one.provenAt(), one.challenge(), one.distrust(), place)
              : one)
          .toList();
      Manufacturer next = new Manufacturer(name, before.policy(), before.distrust(), cas);
      tables.manufacturers().save(next, now);
      tables
          .audit()
          .append(
              event(actor, "manufacturer-ca.changed", next, chosen)
                  .with("crlUrl", chosen.crlUrl() + " -> " + place),
              now);
      return next;
    });
  }

  private static URI httpUrl(String text) {
    if (text.length() > MAX_URL) {
      throw new IllegalArgumentException(
          "url: " + text.length() + " characters (expected: at most " + MAX_URL + ")");
    }
    URI url = URI.create(text);
    if (!"http".equals(url.getScheme()) && !"https".equals(url.getScheme())
        || url.getHost() == null) {
      throw new IllegalArgumentException(
          "url: " + Quoted.of(text) + " (expected: http://HOST/... or https://HOST/...)");
    }
    return url;
  }

  private static ManufacturerCa chosenOrOnly(Manufacturer manufacturer, @Nullable String ca) {
    if (ca != null) {
      return chosen(manufacturer, ca);
    }
    if (manufacturer.cas().size() != 1) {
      throw Work.badRequest("ca: absent, and the manufacturer has "
          + manufacturer.cas().size() + " (expected: the fingerprint of one)");
    }
    return manufacturer.cas().get(0);
  }

  /** Forgets a CA by which no device came in. */
  Manufacturer removeCa(String name, String fingerprint, Actor actor) {
    return commit((tables, now) -> {
      Manufacturer before = find(tables.manufacturers(), name);
      ManufacturerCa ca = chosen(before, fingerprint);
      if (tables.manufacturers().hasDevices(ca.fingerprint())) {
        throw Work.conflict("ca: devices came in by it (expected: none; disable it instead)");
      }
      tables.manufacturers().removeCa(ca.fingerprint());
      tables.audit().append(event(actor, "manufacturer-ca.removed", before, ca), now);
      return find(tables.manufacturers(), name);
    });
  }

  private static Manufacturer seen(Registry.Tables tables, String name, Precondition seen) {
    Manufacturer present = find(tables.manufacturers(), name);
    seen.check("manufacturer", ManufacturerJson.of(present));
    return present;
  }

  private static Manufacturer find(Manufacturers manufacturers, String name) {
    return manufacturers.find(name).orElseThrow(() -> Work.notFound("manufacturer", name));
  }

  /** The one CA whose fingerprint begins so. */
  private static ManufacturerCa chosen(Manufacturer manufacturer, String fingerprint) {
    List<ManufacturerCa> fitting = manufacturer.cas().stream()
        .filter(ca -> ca.fingerprint().hex().startsWith(fingerprint))
        .toList();
    if (fitting.size() != 1 || fingerprint.length() < 8) {
      throw Work.notFound("ca", fingerprint);
    }
    return fitting.get(0);
  }

  /** Changes a CA, and its other certificates under the same key: it is the key that counts. */
  private static Manufacturer withKey(
      Manufacturer manufacturer, ManufacturerCa changed, UnaryOperator<ManufacturerCa> change) {
    List<ManufacturerCa> cas = manufacturer.cas().stream()
        .map(ca -> sameKey(ca, changed) ? change.apply(ca) : ca)
        .toList();
    return new Manufacturer(
        manufacturer.name(), manufacturer.policy(), manufacturer.distrust(), cas);
  }

  private static boolean sameKey(ManufacturerCa one, ManufacturerCa other) {
    return one.certificate().getPublicKey().equals(other.certificate().getPublicKey());
  }

  private static AuditEvent event(Actor actor, String action, Manufacturer manufacturer) {
    return AuditEvent.of(actor, action, "manufacturer:" + manufacturer.name());
  }

  private static AuditEvent event(
      Actor actor, String action, Manufacturer manufacturer, ManufacturerCa ca) {
    return event(actor, action, manufacturer)
        .with("ca", ca.fingerprint())
        .with("subject", Quoted.of(ca.certificate().getSubjectX500Principal().getName()));
  }
}
