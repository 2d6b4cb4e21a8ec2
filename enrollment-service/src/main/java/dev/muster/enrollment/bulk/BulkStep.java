/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.bulk;

import dev.muster.enrollment.audit.AuditEvent;
import dev.muster.enrollment.inventory.BulkJob;
import dev.muster.enrollment.inventory.BulkResult;
import dev.muster.enrollment.inventory.BulkResult.State;
import dev.muster.enrollment.inventory.DeviceLabels;
import dev.muster.enrollment.inventory.GroupName;
import dev.muster.enrollment.inventory.LabelChange;
import dev.muster.enrollment.inventory.Registry;
import dev.muster.enrollment.inventory.Tag;
import dev.muster.enrollment.revocation.Departures;
import dev.muster.enrollment.revocation.Revocations;
import dev.muster.protocol.identity.DeviceId;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * Does what a job orders to one device, and writes it down as if it had been ordered for this one
 * alone. Within a transaction that others' devices share, so it refuses before it changes anything.
 */
final class BulkStep {
  private static final int SERIALS_TOLD = 8;

  private final Departures departures;
  private final Revocations revocations;

  BulkStep(Departures departures, Revocations revocations) {
    this.departures = departures;
    this.revocations = revocations;
  }

  BulkResult take(Registry.Tables tables, BulkJob job, BulkOrder order, DeviceId id, Instant now) {
    if (tables.devices().lock(id, job.within()).isEmpty()) {
      return new BulkResult(id, State.REFUSED, "no such device");
    }
    if (order instanceof BulkOrder.Tags tags) {
      return tag(tables, job, tags, id, now);
    }
    if (order instanceof BulkOrder.Groups groups) {
      return group(tables, job, groups, id, now);
    }
    if (order instanceof BulkOrder.Revoke revoke) {
      List<String> ended =
          revocations.revokeAll(tables, id, revoke.reason(), job.actor(), job.id());
      return ended.isEmpty()
          ? new BulkResult(id, State.UNCHANGED, "no live certificate")
          : new BulkResult(id, State.DONE, told(ended));
    }
    return departures.retireWithin(tables, id, job.actor(), job.id())
            instanceof Departures.Outcome.Left left
        ? new BulkResult(id, State.DONE, "certificates revoked: " + left.revoked())
        : new BulkResult(id, State.UNCHANGED, "retired already");
  }

  /** All of them are in the audit log. */
  private static String told(List<String> serials) {
    String some = serials.stream().limit(SERIALS_TOLD).collect(Collectors.joining(", "));
    int more = serials.size() - SERIALS_TOLD;
    return "revoked " + some + (more > 0 ? " and " + more + " more" : "");
  }

  private static BulkResult tag(
      Registry.Tables tables, BulkJob job, BulkOrder.Tags tags, DeviceId id, Instant now) {
    DeviceLabels labels = tables.labels();
    Map<String, String> before = labels.tags(id);
    Map<String, String> after = new TreeMap<>(before);
    tags.remove().forEach(after::remove);
    tags.set().forEach(tag -> after.put(tag.name(), tag.value()));
    if (after.equals(before)) {
      return new BulkResult(id, State.UNCHANGED, null);
    }
    if (after.size() > Tag.MAX) {
      return new BulkResult(
          id, State.REFUSED, "tags: " + after.size() + " (expected: at most " + Tag.MAX + ")");
    }
    tags.remove().forEach(name -> labels.untag(id, name));
    tags.set().forEach(tag -> labels.tag(id, tag));
    note(
        tables,
        event(job, "device.tagged", id)
            .with("set", LabelChange.tags(tags.set()))
            .with("removed", LabelChange.listed(tags.remove()))
            .with("before", LabelChange.tagsBefore(before, tags.set(), tags.remove())),
        now);
    return new BulkResult(id, State.DONE, null);
  }

  private static BulkResult group(
      Registry.Tables tables, BulkJob job, BulkOrder.Groups groups, DeviceId id, Instant now) {
    DeviceLabels labels = tables.labels();
    List<GroupName> before = labels.groups(id);
    List<GroupName> after = new ArrayList<>(before);
    after.removeAll(groups.remove());
    groups.add().stream().filter(name -> !after.contains(name)).forEach(after::add);
    if (after.equals(before)) {
      return new BulkResult(id, State.UNCHANGED, null);
    }
    if (after.size() > GroupName.MAX) {
      return new BulkResult(
          id,
          State.REFUSED,
          "groups: " + after.size() + " (expected: at most " + GroupName.MAX + ")");
    }
    groups.remove().forEach(name -> labels.leave(id, name));
    groups.add().forEach(name -> labels.join(id, name));
    note(
        tables,
        event(job, "device.grouped", id)
            .with("added", LabelChange.listed(groups.add()))
            .with("removed", LabelChange.listed(groups.remove()))
            .with("before", LabelChange.listed(before)),
        now);
    return new BulkResult(id, State.DONE, null);
  }

  private static AuditEvent event(BulkJob job, String action, DeviceId id) {
    return AuditEvent.of(job.actor(), action, "device:" + id).with("job", job.id());
  }

  private static void note(Registry.Tables tables, AuditEvent event, Instant now) {
    tables.audit().append(event, now);
  }
}
