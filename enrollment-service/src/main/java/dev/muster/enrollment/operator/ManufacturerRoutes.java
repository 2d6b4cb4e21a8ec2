/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.operator;

import dev.muster.enrollment.inventory.Admission;
import dev.muster.enrollment.inventory.ManifestEntry;
import dev.muster.enrollment.inventory.Manufacturer;
import dev.muster.enrollment.inventory.Registry;
import dev.muster.enrollment.issuance.Fingerprint;
import dev.muster.protocol.file.Pem;
import dev.muster.protocol.identity.FleetName;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** {@code /manufacturers} and their manifests. */
final class ManufacturerRoutes {
  private static final Logger LOG = LoggerFactory.getLogger(ManufacturerRoutes.class);
  private static final int KEY_CERT_SIGN = 5;

  private final OperatorParts parts;
  private final Work work;

  ManufacturerRoutes(OperatorParts parts, Work work) {
    this.parts = parts;
    this.work = work;
  }

  void mount(Router router) {
    router
        .get("/manufacturers")
        .handler(request -> work.answer(request, 200, () -> {
          JsonArray all = new JsonArray();
          parts
              .registry()
              .read(tables -> tables.manufacturers().all())
              .forEach(one -> all.add(json(one)));
          return new JsonObject().put("manufacturers", all);
        }));
    router.post("/manufacturers").handler(this::add);
    router.post("/manufacturers/:name/manifest").handler(this::importManifest);
  }

  private void add(RoutingContext request) {
    JsonObject body = Work.body(request);
    String name = Work.required(body, "name");
    List<X509Certificate> cas = Work.checked(() -> Pem.certificates(Work.required(body, "ca")));
    String admission = Work.optional(body, "admission");
    String fleet = Work.optional(body, "fleet");
    work.answer(request, 201, () -> {
      cas.forEach(this::checkAnchor);
      Instant now = parts.clock().instant();
      Manufacturer saved = parts.registry().commit(tables -> {
        checkOwners(tables, name, cas);
        Optional<Manufacturer> before = tables.manufacturers().find(name);
        tables.manufacturers().save(wanted(name, cas, admission, fleet, before), now);
        return tables.manufacturers().find(name).orElseThrow();
      });
      parts.trust().refresh();
      LOG.info(
          "Manufacturer saved name={} admission={} fleet={} cas={}",
          name,
          saved.admission().label(),
          saved.fleet(),
          saved.cas().size());
      return json(saved);
    });
  }

  private static Manufacturer wanted(
      String name,
      List<X509Certificate> cas,
      @Nullable String admission,
      @Nullable String fleet,
      Optional<Manufacturer> before) {
    return Work.checked(() -> new Manufacturer(
        name,
        admission == null
            ? before.map(Manufacturer::admission).orElse(Admission.REGISTERED)
            : Admission.of(admission),
        fleet == null ? before.map(Manufacturer::fleet).orElse(null) : new FleetName(fleet),
        cas));
  }

  private void checkAnchor(X509Certificate ca) {
    boolean @Nullable [] usage = ca.getKeyUsage();
    if (ca.getBasicConstraints() < 0 || usage != null && !usage[KEY_CERT_SIGN]) {
      throw Work.badRequest("ca: not the certificate of a CA (expected: CA:TRUE, keyCertSign)");
    }
    if (ca.getNotAfter().before(Date.from(parts.clock().instant()))) {
      throw Work.badRequest("ca: expired at " + ca.getNotAfter().toInstant());
    }
    List<X509Certificate> own = List.of(
        parts.authorities().root(),
        parts.authorities().deviceCa(),
        parts.authorities().serviceCa());
    if (own.stream().anyMatch(one -> one.getPublicKey().equals(ca.getPublicKey()))) {
      // Otherwise every LDevID would pass as an IDevID.
      throw Work.badRequest("ca: one of our own (expected: a manufacturer's)");
    }
  }

  private static void checkOwners(Registry.Tables tables, String name, List<X509Certificate> cas) {
    for (X509Certificate ca : cas) {
      Optional<String> owner = tables.manufacturers().ownerOf(ca);
      if (owner.isPresent() && !owner.get().equals(name)) {
        throw Work.conflict("ca: belongs to manufacturer " + owner.get() + " already");
      }
    }
  }

  private void importManifest(RoutingContext request) {
    String name = String.valueOf(request.pathParam("name"));
    String text = Optional.ofNullable(request.body().asString()).orElse("");
    work.answer(request, 200, () -> {
      ManifestCsv manifest = Work.checked(() -> ManifestCsv.parse(text));
      JsonArray errors = new JsonArray();
      manifest.problems().forEach(problem -> errors.add(error(problem.row(), problem.reason())));
      int[] counts = new int[2];
      parts.registry().commit(tables -> {
        if (tables.manufacturers().find(name).isEmpty()) {
          throw Work.notFound("manufacturer", name);
        }
        manifest.lines().forEach(line -> announce(tables, name, line, counts, errors));
        return name;
      });
      parts.trust().refresh();
      LOG.info(
          "Manifest imported manufacturer={} added={} unchanged={} errors={}",
          name,
          counts[0],
          counts[1],
          errors.size());
      return new JsonObject()
          .put("added", counts[0])
          .put("unchanged", counts[1])
          .put("errors", errors);
    });
  }

  private void announce(
      Registry.Tables tables, String name, ManifestCsv.Line line, int[] counts, JsonArray errors) {
    ManifestEntry entry = line.entry();
    Optional<ManifestEntry> before = tables.manufacturers().announced(name, entry.serial());
    if (before.isPresent()) {
      if (before.get().equals(entry)) {
        counts[1]++;
      } else {
        errors.add(error(line.row(), "serial: announced before, with other particulars"));
      }
    } else if (entry.device() != null
        && (tables.manufacturers().isAnnouncedForOther(entry.device(), name, entry.serial())
            || tables.devices().find(entry.device()).isPresent())) {
      errors.add(error(line.row(), "device: \"" + entry.device() + "\" belongs to another"));
    } else {
      tables.manufacturers().announce(name, entry, parts.clock().instant());
      counts[0]++;
    }
  }

  private static JsonObject error(int row, String reason) {
    return new JsonObject().put("row", row).put("reason", reason);
  }

  private static JsonObject json(Manufacturer manufacturer) {
    JsonArray cas = new JsonArray();
    manufacturer
        .cas()
        .forEach(ca -> cas.add(new JsonObject()
            .put("subject", ca.getSubjectX500Principal().getName())
            .put("fingerprint", Fingerprint.of(ca).hex())
            .put("notAfter", ca.getNotAfter().toInstant().toString())));
    return new JsonObject()
        .put("name", manufacturer.name())
        .put("admission", manufacturer.admission().label())
        .put("fleet", manufacturer.fleet() == null ? null : manufacturer.fleet().value())
        .put("cas", cas);
  }
}
