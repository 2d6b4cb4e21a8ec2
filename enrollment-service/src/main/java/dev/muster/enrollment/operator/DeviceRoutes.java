/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.operator;

import dev.muster.enrollment.inventory.CertificateRecord;
import dev.muster.enrollment.inventory.DeviceRecord;
import dev.muster.enrollment.inventory.DeviceStatus;
import dev.muster.enrollment.inventory.PendingEnrollment;
import dev.muster.enrollment.inventory.Registry;
import dev.muster.protocol.identity.DeviceId;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** {@code /devices}. */
final class DeviceRoutes {
  private static final Logger LOG = LoggerFactory.getLogger(DeviceRoutes.class);

  private final OperatorParts parts;
  private final Work work;

  DeviceRoutes(OperatorParts parts, Work work) {
    this.parts = parts;
    this.work = work;
  }

  void mount(Router router) {
    router.get("/devices").handler(this::list);
    router
        .get("/devices/:id")
        .handler(request -> work.answer(
            request, 200, () -> parts.registry().read(tables -> details(tables, id(request)))));
    router
        .post("/devices/:id/approve")
        .handler(request -> decide(request, PendingEnrollment.State.APPROVED));
    router
        .post("/devices/:id/refuse")
        .handler(request -> decide(request, PendingEnrollment.State.REFUSED));
    router.post("/devices/:id/release").handler(this::release);
    router.post("/devices/:id/retire").handler(this::retire);
  }

  private void list(RoutingContext request) {
    int limit = Work.limit(request);
    String after = Work.after(request);
    work.answer(
        request,
        200,
        () -> parts.registry().read(tables -> {
          List<DeviceRecord> page = tables.devices().page(after, limit);
          JsonArray devices = new JsonArray();
          page.forEach(device -> devices.add(summary(tables, device)));
          String next =
              page.size() < limit ? null : page.get(page.size() - 1).id().value();
          return new JsonObject().put("devices", devices).put("next", next);
        }));
  }

  private void decide(RoutingContext request, PendingEnrollment.State state) {
    DeviceId id = id(request);
    String key = Work.optional(Work.body(request), "key");
    work.answer(
        request,
        200,
        () -> parts.registry().commit(tables -> {
          DeviceRecord device = lock(tables, id);
          PendingEnrollment chosen = choose(tables.pending().of(id), key, state);
          tables.pending().update(id, chosen.key(), state);
          if (state == PendingEnrollment.State.REFUSED && device.status() == DeviceStatus.PENDING) {
            tables.devices().update(id, DeviceStatus.REFUSED, false);
          }
          LOG.info("Enrollment {} device={} key={}", state.label(), id, chosen.key());
          return details(tables, id);
        }));
  }

  private static PendingEnrollment choose(
      List<PendingEnrollment> pending, @Nullable String key, PendingEnrollment.State state) {
    List<PendingEnrollment> candidates = pending.stream()
        .filter(entry -> key == null
            ? entry.state() == PendingEnrollment.State.WAITING || entry.state() == state
            : entry.key().hex().equals(key))
        .toList();
    if (candidates.isEmpty()) {
      throw Work.conflict("device: nothing waits for an operator (to decommission it: retire)");
    }
    if (candidates.size() > 1) {
      throw Work.conflict("key: several wait (expected: {\"key\": ...}, one of "
          + candidates.stream().map(entry -> entry.key().hex()).toList() + ")");
    }
    return candidates.get(0);
  }

  private void release(RoutingContext request) {
    DeviceId id = id(request);
    work.answer(
        request,
        200,
        () -> parts.registry().commit(tables -> {
          DeviceRecord device = lock(tables, id);
          DeviceStatus status =
              device.enrolledAt() == null ? DeviceStatus.PENDING : DeviceStatus.ACTIVE;
          tables.devices().update(id, status, true);
          tables.pending().deleteAll(id);
          LOG.info("Device released device={} (its next new key is let in)", id);
          return details(tables, id);
        }));
  }

  private void retire(RoutingContext request) {
    DeviceId id = id(request);
    work.answer(request, 200, () -> {
      if (parts.revocations().retire(id).isEmpty()) {
        throw Work.notFound("device", id.value());
      }
      return parts.registry().read(tables -> details(tables, id));
    });
  }

  private static DeviceId id(RoutingContext request) {
    String text = String.valueOf(request.pathParam("id"));
    if (!DeviceId.isValid(text)) {
      throw Work.notFound("device", text);
    }
    return new DeviceId(text);
  }

  private static DeviceRecord find(Registry.Tables tables, DeviceId id) {
    return tables.devices().find(id).orElseThrow(() -> Work.notFound("device", id.value()));
  }

  private static DeviceRecord lock(Registry.Tables tables, DeviceId id) {
    return tables.devices().lock(id).orElseThrow(() -> Work.notFound("device", id.value()));
  }

  private static JsonObject details(Registry.Tables tables, DeviceId id) {
    JsonArray pending = new JsonArray();
    tables
        .pending()
        .of(id)
        .forEach(entry -> pending.add(new JsonObject()
            .put("key", entry.key().hex())
            .put("state", entry.state().label())
            .put("reason", entry.reason())
            .put("since", entry.since().toString())
            .put("lastSeen", entry.lastSeen().toString())));
    return summary(tables, find(tables, id)).put("pending", pending);
  }

  private static JsonObject summary(Registry.Tables tables, DeviceRecord device) {
    Optional<CertificateRecord> newest = tables.certificates().of(device.id()).stream()
        .max(Comparator.comparing(CertificateRecord::issuedAt));
    @Nullable Instant enrolledAt = device.enrolledAt();
    return new JsonObject()
        .put("id", device.id().value())
        .put("fleet", device.fleet().value())
        .put("manufacturer", device.manufacturer())
        .put("serial", device.serial())
        .put("status", device.status().label())
        .put("released", device.released())
        .put("enrolledAt", enrolledAt == null ? null : enrolledAt.toString())
        .put("certificateSerial", newest.map(CertificateRecord::serial).orElse(null))
        .put("certificateStatus", newest.map(record -> record.status().label()).orElse(null))
        .put("notAfter", newest.map(record -> record.notAfter().toString()).orElse(null));
  }
}
