/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.operator;

import dev.muster.enrollment.csr.CertificateKeys;
import dev.muster.enrollment.inventory.Admission;
import dev.muster.enrollment.inventory.ManifestEntry;
import dev.muster.enrollment.inventory.Manufacturer;
import dev.muster.enrollment.inventory.Registry;
import dev.muster.enrollment.issuance.Fingerprint;
import dev.muster.enrollment.registrar.Registrar;
import dev.muster.protocol.file.Pem;
import dev.muster.protocol.identity.DeviceId;
import dev.muster.protocol.identity.FleetName;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.security.cert.X509Certificate;
import java.util.Date;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** {@code /manufacturers} and their manifests. */
final class ManufacturerRoutes {
  private static final Logger LOG = LoggerFactory.getLogger(ManufacturerRoutes.class);
  private static final int KEY_CERT_SIGN = 5;

  private final OperatorParts parts;
  private final Work work;
  private final Object saving = new Object();

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
      Manufacturer saved = save(name, cas, before -> wanted(name, cas, admission, fleet, before));
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

  private Manufacturer save(
      String name,
      List<X509Certificate> cas,
      Function<Optional<Manufacturer>, Manufacturer> wanted) {
    // One at a time, so that no two find the same name or anchor free.
    synchronized (saving) {
      return parts.registry().commit(tables -> {
        List<Manufacturer> all = tables.manufacturers().all();
        checkOwners(all, name, cas);
        Optional<Manufacturer> before =
            all.stream().filter(one -> one.name().equals(name)).findFirst();
        Manufacturer next = wanted.apply(before);
        if (before.isEmpty()) {
          checkName(all, name);
        }
        tables.manufacturers().save(next, parts.clock().instant());
        return tables.manufacturers().find(name).orElseThrow();
      });
    }
  }

  private static void checkName(List<Manufacturer> all, String name) {
    for (Manufacturer other : all) {
      if (Manufacturer.namesOverlap(name, other.name())) {
        throw Work.conflict("name: \"" + name + "\" and manufacturer " + other.name()
            + " (expected: neither the other plus \"-\" and more, or their devices' ids collide)");
      }
    }
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
    Date now = Date.from(parts.clock().instant());
    if (ca.getNotAfter().before(now)) {
      throw Work.badRequest("ca: expired at " + ca.getNotAfter().toInstant());
    }
    if (ca.getNotBefore().after(now)) {
      throw Work.badRequest("ca: not valid before " + ca.getNotBefore().toInstant());
    }
    CertificateKeys.weakness(ca.getPublicKey()).ifPresent(weakness -> {
      throw Work.badRequest("ca: " + weakness);
    });
    List<X509Certificate> own = List.of(
        parts.authorities().root(),
        parts.authorities().deviceCa(),
        parts.authorities().serviceCa());
    if (own.stream().anyMatch(one -> one.getPublicKey().equals(ca.getPublicKey()))) {
      // Otherwise every LDevID would pass as an IDevID.
      throw Work.badRequest("ca: one of our own (expected: a manufacturer's)");
    }
  }

  /**
   * By key and not by certificate: with one key, either's CA could speak for the other's devices.
   */
  private static void checkOwners(List<Manufacturer> all, String name, List<X509Certificate> cas) {
    for (Manufacturer other : all) {
      boolean shared = !other.name().equals(name)
          && other.cas().stream()
              .map(X509Certificate::getPublicKey)
              .anyMatch(key -> cas.stream().anyMatch(ca -> ca.getPublicKey().equals(key)));
      if (shared) {
        throw Work.conflict("ca: its key belongs to manufacturer " + other.name() + " already");
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
        Manufacturer manufacturer = tables
            .manufacturers()
            .find(name)
            .orElseThrow(() -> Work.notFound("manufacturer", name));
        manifest.lines().forEach(line -> announce(tables, manufacturer, line, counts, errors));
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
      Registry.Tables tables,
      Manufacturer manufacturer,
      ManifestCsv.Line line,
      int[] counts,
      JsonArray errors) {
    ManifestEntry entry = line.entry();
    String maker = manufacturer.name();
    Optional<ManifestEntry> before = tables.manufacturers().announced(maker, entry.serial());
    Optional<DeviceId> id = Registrar.deviceId(manufacturer, entry.serial(), Optional.of(entry));
    if (before.isPresent()) {
      if (before.get().equals(entry)) {
        counts[1]++;
      } else {
        errors.add(error(line.row(), "serial: announced before, with other particulars"));
      }
    } else if (id.isEmpty()) {
      errors.add(error(
          line.row(), "serial: too long for a device id together with the manufacturer's name"));
    } else if (isTaken(tables, id.get(), maker, entry.serial())) {
      errors.add(error(line.row(), "device: \"" + id.get() + "\" belongs to another"));
    } else {
      tables.manufacturers().announce(maker, entry, parts.clock().instant());
      counts[0]++;
    }
  }

  private static boolean isTaken(
      Registry.Tables tables, DeviceId id, String manufacturer, String serial) {
    return ServiceNames.isReserved(id.value())
        || tables.manufacturers().isAnnouncedForOther(id, manufacturer, serial)
        || tables
            .devices()
            .find(id)
            .filter(device ->
                !device.manufacturer().equals(manufacturer) || !device.serial().equals(serial))
            .isPresent();
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
