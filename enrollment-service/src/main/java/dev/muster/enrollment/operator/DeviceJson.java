/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.operator;

import dev.muster.enrollment.inventory.CertificateRecord;
import dev.muster.enrollment.inventory.DeviceRecord;
import dev.muster.enrollment.inventory.DeviceSummary;
import dev.muster.enrollment.inventory.GroupName;
import dev.muster.enrollment.inventory.PendingEnrollment;
import dev.muster.enrollment.inventory.Registry;
import dev.muster.protocol.identity.DeviceId;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Devices as operators see them. */
final class DeviceJson {
  private DeviceJson() {}

  /** As in a list. */
  static JsonObject summary(DeviceSummary summary) {
    DeviceRecord device = summary.device();
    @Nullable Instant enrolledAt = device.enrolledAt();
    Optional<DeviceSummary.Newest> newest = summary.newest();
    DeviceSummary.@Nullable Seen seen = summary.seen();
    @Nullable Instant renewBy = summary.renewBy();
    @Nullable Instant until = seen == null ? null : seen.until();
    return new JsonObject()
        .put("id", device.id().value())
        .put("fleet", device.fleet().value())
        .put("manufacturer", device.manufacturer())
        .put("serial", device.serial())
        .put("status", device.status().label())
        .put("released", device.released())
        .put("enrolledAt", enrolledAt == null ? null : enrolledAt.toString())
        .put("certificateSerial", newest.map(DeviceSummary.Newest::serial).orElse(null))
        .put("certificateStatus", newest.map(one -> one.status().label()).orElse(null))
        .put("notAfter", newest.map(one -> one.notAfter().toString()).orElse(null))
        .put("renewBy", renewBy == null ? null : renewBy.toString())
        .put("online", seen != null && until == null)
        .put("seenUntil", until == null ? null : until.toString());
  }

  /** With all that is noted about it, and the keys that wait. */
  static JsonObject details(Registry.Tables tables, DeviceRecord device) {
    DeviceId id = device.id();
    Optional<DeviceSummary.Newest> newest = tables.certificates().of(id).stream()
        .max(Comparator.comparing(CertificateRecord::issuedAt))
        .map(record ->
            new DeviceSummary.Newest(record.serial(), record.status(), record.notAfter()));
    JsonObject json = summary(new DeviceSummary(
            device,
            newest,
            null,
            tables.devices().renewBy(id).orElse(null),
            tables.devices().seen(id).orElse(null)))
        .put("epoch", device.epoch())
        .put("identifiedBy", device.identifiedBy().label());
    return json.mergeIn(labels(tables, id))
        .put("pending", pending(tables.pending().of(id)));
  }

  /** Tags and groups. */
  static JsonObject labels(Registry.Tables tables, DeviceId id) {
    JsonObject tags = new JsonObject();
    tables.labels().tags(id).forEach(tags::put);
    List<String> groups =
        tables.labels().groups(id).stream().map(GroupName::value).toList();
    return new JsonObject().put("tags", tags).put("groups", new JsonArray(groups));
  }

  static JsonArray pending(List<PendingEnrollment> waiting) {
    JsonArray pending = new JsonArray();
    waiting.forEach(entry -> pending.add(new JsonObject()
        .put("key", entry.key().hex())
        .put("state", entry.state().label())
        .put("reason", entry.reason())
        .put("remark", entry.remark())
        .put("since", entry.since().toString())
        .put("lastSeen", entry.lastSeen().toString())));
    return pending;
  }
}
