/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.operator;

import dev.muster.enrollment.audit.Actor;
import dev.muster.enrollment.audit.AuditEvent;
import dev.muster.enrollment.bulk.BulkOrder;
import dev.muster.enrollment.bulk.BulkWork;
import dev.muster.enrollment.inventory.BulkJob;
import dev.muster.enrollment.inventory.BulkJobs;
import dev.muster.enrollment.inventory.BulkResult;
import dev.muster.enrollment.inventory.BulkSelection;
import dev.muster.enrollment.inventory.GroupName;
import dev.muster.enrollment.inventory.Registry;
import dev.muster.enrollment.inventory.Tag;
import dev.muster.enrollment.inventory.Within;
import dev.muster.enrollment.issuance.RevocationReason;
import dev.muster.protocol.identity.DeviceId;
import dev.muster.protocol.identity.Quoted;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import io.vertx.ext.web.handler.HttpException;
import java.security.SecureRandom;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Orders for many devices at once: looked at before, carried out by themselves once they are
 * accepted, and told device by device.
 */
final class BulkRoutes {
  private static final Pattern DIGEST = Pattern.compile("[0-9a-f]{12,64}");
  private static final Logger LOG = LoggerFactory.getLogger(BulkRoutes.class);
  private static final int SAMPLE = 20;
  /** More at once would be a fleet's end by a slip of the hand. */
  private static final int MAX_DEVICES = 10_000;

  /** Of all: each writes as many rows as it has devices. What ends certificates is not held up. */
  private static final int MAX_OPEN = 20;

  private static final int MAX_LISTED = 100;
  private static final int MAX_NAMES = 100;

  /** Greater than every id. */
  private static final String END = "g";

  private static final Set<RevocationReason> NOT_OF_DEVICES =
      Set.of(RevocationReason.CERTIFICATE_HOLD, RevocationReason.CA_COMPROMISE);

  private final OperatorParts parts;
  private final Work work;
  private final SecureRandom random;

  BulkRoutes(OperatorParts parts, Work work, SecureRandom random) {
    this.parts = parts;
    this.work = work;
    this.random = random;
  }

  void mount(Router router) {
    router.post("/bulk/preview").handler(this::preview);
    router.post("/bulk/tags").handler(request -> order(request, tags(Work.body(request))));
    router.post("/bulk/groups").handler(request -> order(request, groups(Work.body(request))));
    router.post("/bulk/retire").handler(request -> order(request, new BulkOrder.Retire()));
    router.post("/bulk/revoke").handler(request -> order(request, revoke(Work.body(request))));
    router.get("/bulk").handler(this::list);
    router
        .get("/bulk/:job")
        .handler(request -> work.answer(
            request,
            200,
            () -> parts
                .registry()
                .read(tables -> json(find(tables, id(request), visible(request))))));
    router.get("/bulk/:job/results").handler(this::results);
    router.post("/bulk/:job/cancel").handler(this::cancel);
  }

  private static BulkOrder tags(JsonObject body) {
    JsonObject wanted = Work.object(body, "set");
    List<Tag> set = Work.checked(() -> wanted.fieldNames().stream()
        .map(name -> new Tag(name, Work.required(wanted, name)))
        .toList());
    List<String> remove = Work.checked(
        () -> Work.texts(body, "remove").stream().map(Tag::checkName).toList());
    checkSize("set", set, Tag.MAX);
    checkSize("remove", remove, MAX_NAMES);
    if (set.isEmpty() && remove.isEmpty()) {
      throw Work.badRequest("set, remove: both empty (expected: a tag at least)");
    }
    return new BulkOrder.Tags(set, remove);
  }

  private static BulkOrder groups(JsonObject body) {
    List<GroupName> add = groups(body, "add");
    List<GroupName> remove = groups(body, "remove");
    checkSize("add", add, GroupName.MAX);
    checkSize("remove", remove, MAX_NAMES);
    if (add.isEmpty() && remove.isEmpty()) {
      throw Work.badRequest("add, remove: both empty (expected: a group at least)");
    }
    return new BulkOrder.Groups(add, remove);
  }

  private static void checkSize(String name, List<?> values, int most) {
    if (values.size() > most) {
      throw Work.badRequest(name + ": " + values.size() + " (expected: at most " + most + ")");
    }
  }

  private static List<GroupName> groups(JsonObject body, String name) {
    return Work.checked(
        () -> Work.texts(body, name).stream().map(GroupName::new).toList());
  }

  private static BulkOrder revoke(JsonObject body) {
    String label = Work.optional(body, "reason");
    RevocationReason reason =
        Work.checked(() -> RevocationReason.of(label == null ? "unspecified" : label));
    if (NOT_OF_DEVICES.contains(reason)) {
      throw Work.badRequest(
          "reason: " + label + " (expected: one that ends certificates of devices)");
    }
    return new BulkOrder.Revoke(reason);
  }

  private BulkSelection selection(JsonObject body, Within within) {
    JsonObject query = Work.object(body, "query");
    List<String> ids = Work.texts(body, "ids");
    if (body.getValue("query") == null == ids.isEmpty()) {
      throw Work.badRequest("ids, query: expected one of them");
    }
    if (ids.size() > MAX_DEVICES) {
      throw Work.badRequest(
          "ids: " + ids.size() + " (expected: at most " + MAX_DEVICES + " devices at once)");
    }
    return ids.isEmpty()
        ? new BulkSelection.Matching(
            Work.checked(() -> DeviceRoutes.filter(name -> words(query, name), within, parts)))
        : new BulkSelection.Named(
            Work.checked(() -> ids.stream().map(DeviceId::new).toList()));
  }

  /** A text, or a list of them. */
  private static List<String> words(JsonObject query, String name) {
    if (query.getValue(name) instanceof JsonArray) {
      return Work.texts(query, name);
    }
    return Optional.ofNullable(Work.optional(query, name)).stream().toList();
  }

  private void preview(RoutingContext request) {
    Within within = Work.within(request);
    BulkSelection selection = selection(Work.body(request), within);
    Instant now = parts.clock().instant();
    work.answer(
        request,
        200,
        () -> parts.registry().read(tables -> {
          checkNamed(tables, selection, within);
          BulkJobs.Preview preview = tables.bulk().preview(selection, now);
          JsonObject statuses = new JsonObject();
          preview.statuses().forEach((status, devices) -> statuses.put(status.label(), devices));
          JsonArray sample = new JsonArray();
          tables
              .bulk()
              .sample(selection, now, SAMPLE)
              .forEach(device -> sample.add(device.value()));
          return new JsonObject()
              .put("devices", preview.devices())
              .put("digest", tables.bulk().digest(selection, now, MAX_DEVICES + 1))
              .put("unknown", unknown(selection, preview.devices()))
              .put("status", statuses)
              .put("certificates", preview.certificates())
              .put("sample", sample);
        }));
  }

  /** Of others' fleets not even that there is such a device is told. */
  private static void checkNamed(Registry.Tables tables, BulkSelection selection, Within within) {
    if (!within.isAll()
        && selection instanceof BulkSelection.Named named
        && !tables
            .devices()
            .areWithin(within, named.devices().stream().map(DeviceId::value).toList())) {
      throw new HttpException(
          404, "ids: not all are known (expected: of the fleets that you are limited to)");
    }
  }

  /** Whose jobs are to be seen; null for everybody's. */
  private static @Nullable String visible(RoutingContext request) {
    return Work.within(request).isAll() ? null : operator(Work.actor(request).name());
  }

  /** An API token is its operator's. */
  private static String operator(String actor) {
    return actor.split("/", 2)[0];
  }

  private static long unknown(BulkSelection selection, long known) {
    return selection instanceof BulkSelection.Named named ? named.devices().size() - known : 0;
  }

  private void order(RoutingContext request, BulkOrder order) {
    JsonObject body = Work.body(request);
    Within within = Work.within(request);
    BulkSelection selection = selection(body, within);
    Actor actor = Work.actor(request);
    Once once = Once.of(request);
    work.answer(request, 202, () -> {
      Instant now = parts.clock().instant().truncatedTo(ChronoUnit.MICROS);
      JsonObject made = parts
          .registry()
          .commit(tables -> once.answer(
              tables,
              now,
              () -> accept(
                  tables,
                  new BulkJob(
                      newId(now), order.work(), order.details().encode(), actor, within, now),
                  selection,
                  body),
              () -> {}));
      parts.bulk().look();
      // As it is by now, also for who asks again.
      return parts.registry().read(tables -> json(find(tables, made.getString("id"), null)));
    });
  }

  private static JsonObject accept(
      Registry.Tables tables, BulkJob job, BulkSelection selection, JsonObject body) {
    checkNamed(tables, selection, job.within());
    if (tables.bulk().open() >= MAX_OPEN && !order(job).touchesTrust()) {
      throw Work.conflict(
          "jobs: " + MAX_OPEN + " are not through (expected: fewer; wait, or cancel" + " some)");
    }
    @Nullable String digest = Work.optional(body, "digest");
    if (digest != null && !DIGEST.matcher(digest).matches()) {
      throw Work.badRequest(
          "digest: " + Quoted.of(digest) + " (expected: 12 to 64 hexadecimal digits)");
    }
    if (selection instanceof BulkSelection.Matching && digest == null) {
      throw Work.badRequest(
          "digest: missing (expected: of the devices that were looked at, see" + " /bulk/preview)");
    }
    // One more tells that there are too many; the rest of a large fleet need not be written.
    int devices = tables.bulk().insert(job, selection, MAX_DEVICES + 1);
    if (devices == 0 || devices > MAX_DEVICES) {
      throw Work.conflict("devices: " + (devices == 0 ? "none is" : "more are")
          + " chosen (expected: 1 to " + MAX_DEVICES + " at once)");
    }
    if (body.getValue("devices") instanceof Integer seen && seen != devices) {
      throw Work.conflict("devices: " + devices + " are chosen by now (expected: " + seen
          + ", as was looked at; look again)");
    }
    String chosen = tables.bulk().digest(job.id());
    if (digest != null && !chosen.startsWith(digest)) {
      throw Work.conflict("digest: other devices are chosen by now, though as many as were looked"
          + " at (hint: look again)");
    }
    tables
        .audit()
        .append(
            AuditEvent.of(job.actor(), "bulk.ordered", "bulk:" + job.id())
                .with("work", job.work())
                .with("order", job.details())
                .with("query", body.getJsonObject("query"))
                .with("devices", devices)
                .with("digest", chosen),
            job.createdAt());
    LOG.info("Bulk job accepted job={} work={} devices={}", job.id(), job.work(), devices);
    return new JsonObject().put("id", job.id());
  }

  /** Begins with the time, so that later ones are greater. */
  private String newId(Instant now) {
    return String.format("%012x-%08x", now.toEpochMilli(), random.nextInt());
  }

  private void list(RoutingContext request) {
    int limit = Math.min(MAX_LISTED, Work.limit(request));
    String after = Work.after(request);
    @Nullable String visible = visible(request);
    work.answer(
        request,
        200,
        () -> parts.registry().read(tables -> {
          List<BulkJob> page = tables.bulk().page(visible, after.isEmpty() ? END : after, limit);
          JsonArray jobs = new JsonArray();
          page.forEach(job -> jobs.add(json(job)));
          return new JsonObject()
              .put("jobs", jobs)
              .put("next", page.size() < limit ? null : page.get(limit - 1).id());
        }));
  }

  private void results(RoutingContext request) {
    int limit = Work.limit(request);
    String after = Work.after(request);
    String label = request.request().getParam("state");
    BulkResult.@Nullable State state =
        label == null ? null : Work.checked(() -> BulkResult.State.of(label));
    String id = id(request);
    work.answer(
        request,
        200,
        () -> parts.registry().read(tables -> {
          find(tables, id, visible(request));
          List<BulkResult> page = tables.bulk().results(id, state, after, limit);
          JsonArray results = new JsonArray();
          page.forEach(result -> results.add(new JsonObject()
              .put("device", result.device().value())
              .put("state", result.state().label())
              .put("detail", result.detail())));
          return new JsonObject()
              .put("results", results)
              .put(
                  "next",
                  page.size() < limit ? null : page.get(limit - 1).device().value());
        }));
  }

  private void cancel(RoutingContext request) {
    String id = id(request);
    Actor actor = Work.actor(request);
    boolean decidesTrust = Boolean.TRUE.equals(request.get(OperatorRoutes.DECIDES_TRUST));
    work.answer(
        request,
        200,
        () -> parts.registry().commit(tables -> {
          BulkJob job = find(tables, id, visible(request));
          if (order(job).touchesTrust() && !decidesTrust) {
            throw new HttpException(
                403, "job: " + job.work() + " (expected: to be cancelled by an officer)");
          }
          if (job.endedAt() == null) {
            tables.bulk().cancel(id, parts.clock().instant());
            tables
                .audit()
                .append(
                    BulkWork.told(
                        AuditEvent.of(actor, "bulk.cancelled", "bulk:" + id),
                        find(tables, id, null)),
                    parts.clock().instant());
          }
          return json(find(tables, id, null));
        }));
  }

  private static String id(RoutingContext request) {
    return String.valueOf(request.pathParam("job"));
  }

  private static BulkJob find(Registry.Tables tables, String id, @Nullable String operator) {
    return tables
        .bulk()
        .find(id)
        .filter(job -> operator == null || operator(job.actor().name()).equals(operator))
        .orElseThrow(() -> Work.notFound("job", id));
  }

  private static BulkOrder order(BulkJob job) {
    return BulkOrder.of(job.work(), new JsonObject(job.details()));
  }

  private static JsonObject json(BulkJob job) {
    JsonObject states = new JsonObject();
    for (BulkResult.State state : BulkResult.State.values()) {
      states.put(state.label(), job.counts().getOrDefault(state, 0L));
    }
    @Nullable Instant endedAt = job.endedAt();
    return new JsonObject()
        .put("id", job.id())
        .put("work", job.work())
        .put("order", new JsonObject(job.details()))
        .put("state", state(job))
        .put("orderedBy", job.actor().name())
        .put("createdAt", job.createdAt().toString())
        .put("endedAt", endedAt == null ? null : endedAt.toString())
        .put("devices", job.devices())
        .put("results", states);
  }

  private static String state(BulkJob job) {
    if (job.cancelledAt() != null) {
      return "cancelled";
    }
    return job.endedAt() == null ? "running" : "ended";
  }
}
