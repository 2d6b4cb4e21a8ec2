/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.operator;

import dev.muster.enrollment.inventory.DeviceRecord;
import dev.muster.enrollment.inventory.DeviceSummary;
import dev.muster.enrollment.inventory.GroupName;
import dev.muster.enrollment.inventory.PendingEnrollment;
import dev.muster.enrollment.inventory.Registry;
import dev.muster.protocol.identity.DeviceId;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/** Devices as operators see them. */
final class DeviceJson {
  private static final String ETAG = "etag";

  private final BooleanSupplier hearsOfConnections;

  DeviceJson(OperatorParts parts) {
    hearsOfConnections = parts.hearsOfConnections();
  }

  /** As in a list. */
  JsonObject summary(DeviceSummary summary) {
    DeviceRecord device = summary.device();
    @Nullable Instant enrolledAt = device.enrolledAt();
    Optional<DeviceSummary.Newest> newest = summary.newest();
    DeviceSummary.@Nullable Seen seen = summary.seen();
    @Nullable Instant renewBy = summary.renewBy();
    @Nullable Instant until = seen == null ? null : seen.until();
    // What is kept was true when a broker was here last, which may have gone before its devices.
    @Nullable Boolean online = hearsOfConnections.getAsBoolean() ? seen != null && until == null : null;
    return new JsonObject()
        .put("id", device.id().value())
        .mergeIn(whose(device))
        .put("released", device.isReleased())
        .put("enrolledAt", enrolledAt == null ? null : enrolledAt.toString())
        .put("certificateSerial", newest.map(DeviceSummary.Newest::serial).orElse(null))
        .put("certificateStatus", newest.map(one -> one.status().label()).orElse(null))
        .put("notAfter", newest.map(one -> one.notAfter().toString()).orElse(null))
        .put("renewBy", renewBy == null ? null : renewBy.toString())
        .put("online", online)
        .put("seenUntil", until == null ? null : until.toString());
  }

  /** With all that is noted about it, and the keys that wait. */
  JsonObject details(Registry.Tables tables, DeviceId id) {
    DeviceSummary summary =
        tables.devices().summary(id).orElseThrow(() -> Work.notFound("device", id.value()));
    return summary(summary)
        .put("epoch", summary.device().epoch())
        .put("identifiedBy", summary.device().identifiedBy().label())
        .mergeIn(labels(tables, id))
        .put("pending", pending(tables.pending().of(id)));
  }

  /** What a device is, for lists of something else. */
  static JsonObject whose(DeviceRecord device) {
    return new JsonObject()
        .put("fleet", device.fleet().value())
        .put("manufacturer", device.manufacturer())
        .put("serial", device.serial())
        .put("status", device.status().label());
  }

  /** Tags and groups, and their entity tag: of a device, they are what is edited. */
  static JsonObject labels(Registry.Tables tables, DeviceId id) {
    JsonObject tags = new JsonObject();
    tables.labels().tags(id).forEach(tags::put);
    List<String> groups =
        tables.labels().groups(id).stream().map(GroupName::value).toList();
    JsonObject labels = new JsonObject().put("tags", tags).put("groups", new JsonArray(groups));
    return labels.put(ETAG, Precondition.tagOf(labels));
  }

  /** The entity tag of a device that is shown, or of its labels. */
  static String etag(JsonObject shown) {
    return shown.getString(ETAG);
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
