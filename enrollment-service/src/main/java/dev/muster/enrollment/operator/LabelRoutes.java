/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.operator;

import dev.muster.enrollment.audit.Actor;
import dev.muster.enrollment.audit.AuditEvent;
import dev.muster.enrollment.inventory.DeviceLabels;
import dev.muster.enrollment.inventory.GroupName;
import dev.muster.enrollment.inventory.LabelChange;
import dev.muster.enrollment.inventory.Registry;
import dev.muster.enrollment.inventory.Tag;
import dev.muster.enrollment.inventory.Within;
import dev.muster.protocol.identity.DeviceId;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.util.List;
import java.util.Map;

/** {@code /devices/ID/tags}, {@code /devices/ID/groups} and {@code /groups}. */
final class LabelRoutes {
  private final OperatorParts parts;
  private final Work work;

  LabelRoutes(OperatorParts parts, Work work) {
    this.parts = parts;
    this.work = work;
  }

  void mount(Router router) {
    router.post("/devices/:id/tags").handler(this::tag);
    router.post("/devices/:id/groups").handler(this::group);
    router
        .get("/groups")
        .handler(request -> work.answer(request, 200, () -> {
          JsonArray groups = new JsonArray();
          parts
              .registry()
              .read(tables -> tables.labels().groupSizes())
              .forEach((name, devices) ->
                  groups.add(new JsonObject().put("name", name).put("devices", devices)));
          return new JsonObject().put("groups", groups);
        }));
  }

  private void tag(RoutingContext request) {
    JsonObject body = Work.body(request);
    JsonObject wanted = Work.object(body, "set");
    List<Tag> set = Work.checked(() -> wanted.fieldNames().stream()
        .map(name -> new Tag(name, Work.required(wanted, name)))
        .toList());
    List<String> remove = Work.checked(
        () -> Work.texts(body, "remove").stream().map(Tag::checkName).toList());
    AuditEvent event = AuditEvent.of(actor(request), "device.tagged", object(request))
        .with("set", LabelChange.tags(set))
        .with("removed", LabelChange.listed(remove));
    change(request, event, (labels, device) -> {
      Map<String, String> before = labels.tags(device);
      remove.forEach(name -> labels.untag(device, name));
      set.forEach(tag -> labels.tag(device, tag));
      Work.checked(() -> Tag.checkCount(labels.tags(device)));
      return LabelChange.tagsBefore(before, set, remove);
    });
  }

  private void group(RoutingContext request) {
    JsonObject body = Work.body(request);
    List<GroupName> add = Work.checked(() -> groups(body, "add"));
    List<GroupName> remove = Work.checked(() -> groups(body, "remove"));
    AuditEvent event = AuditEvent.of(actor(request), "device.grouped", object(request))
        .with("added", LabelChange.listed(add))
        .with("removed", LabelChange.listed(remove));
    change(request, event, (labels, device) -> {
      List<GroupName> before = labels.groups(device);
      remove.forEach(name -> labels.leave(device, name));
      add.forEach(name -> labels.join(device, name));
      if (labels.groups(device).size() > GroupName.MAX) {
        throw Work.badRequest("groups: expected at most " + GroupName.MAX + " for one device");
      }
      return LabelChange.listed(before);
    });
  }

  private interface Change {
    /** @return what there was before */
    String make(DeviceLabels labels, DeviceId device);
  }

  private void change(RoutingContext request, AuditEvent event, Change change) {
    DeviceId id = DeviceRoutes.id(request);
    Within within = Work.within(request);
    Precondition seen = Precondition.of(request);
    work.answerTagged(
        request,
        200,
        () -> parts.registry().commit(tables -> {
          DeviceRoutes.lock(tables, id, within);
          seen.check("tags and groups", DeviceJson.etag(DeviceJson.labels(tables, id)));
          String before = change.make(tables.labels(), id);
          JsonObject after = answer(tables, id);
          tables.audit().append(event.with("before", before), parts.clock().instant());
          return after;
        }),
        DeviceJson::etag);
  }

  private static JsonObject answer(Registry.Tables tables, DeviceId id) {
    return new JsonObject().put("id", id.value()).mergeIn(DeviceJson.labels(tables, id));
  }

  private static List<GroupName> groups(JsonObject body, String name) {
    return Work.texts(body, name).stream().map(GroupName::new).toList();
  }

  private static Actor actor(RoutingContext request) {
    return Work.actor(request);
  }

  private static String object(RoutingContext request) {
    return "device:" + DeviceRoutes.id(request);
  }
}
