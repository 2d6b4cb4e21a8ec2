/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.muster.broker.delivery.Deliveries;
import dev.muster.broker.twin.Twin;
import dev.muster.broker.twin.TwinChange;
import dev.muster.broker.twin.TwinOutcome;
import dev.muster.broker.twin.Twins;
import dev.muster.protocol.identity.DeviceId;
import dev.muster.protocol.once.IfMatch;
import io.vertx.core.WorkerExecutor;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import io.vertx.ext.web.handler.HttpException;
import java.time.Instant;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Twins over the operator API. The entity tag of a twin is the version of its desired part. */
final class TwinRoutes {
  private final Twins twins;
  private final Deliveries deliveries;
  private final WorkerExecutor executor;

  TwinRoutes(Twins twins, Deliveries deliveries, WorkerExecutor executor) {
    this.twins = twins;
    this.deliveries = deliveries;
    this.executor = executor;
  }

  void mount(Router router) {
    router.get("/devices/:id/twin").handler(Requests.checked(this::show));
    router.patch("/devices/:id/twin").handler(Requests.checked(context -> set(context, false)));
    router.put("/devices/:id/twin").handler(Requests.checked(context -> set(context, true)));
  }

  private void show(RoutingContext context) {
    DeviceId device = Requests.device(context);
    executor
        .executeBlocking(() -> twins.find(device), false)
        .onSuccess(twin -> answer(context, device, twin))
        .onFailure(problem -> QueryParameters.fail(context, problem));
  }

  private void set(RoutingContext context, boolean replace) {
    DeviceId device = Requests.device(context);
    TwinChange change = new TwinChange(Requests.body(context), replace, expected(context));
    Requests.whenKept(context, twins.desire(device, change), outcome -> {
      if (outcome instanceof TwinOutcome.Kept kept) {
        deliveries.look(device);
        answer(context, device, kept.twin());
      } else if (outcome instanceof TwinOutcome.Stale stale) {
        context.fail(new HttpException(412, stale.detail()));
      } else if (outcome instanceof TwinOutcome.Refused refused) {
        context.fail(new HttpException(400, refused.detail()));
      } else {
        throw new IllegalStateException("outcome " + outcome);
      }
    });
  }

  /** The versions that the caller takes: by entity tags or, for scripts, as a number. */
  private static Optional<Set<Long>> expected(RoutingContext context) {
    IfMatch seen = IfMatch.of(context.request().headers().getAll(IfMatch.HEADER));
    if (!seen.isAnything()) {
      // Another's tag is no version, and matches none.
      return Optional.of(seen.tags().stream()
          .filter(tag -> tag.matches("\"[0-9]{1,18}\""))
          .map(tag -> Long.valueOf(tag.substring(1, tag.length() - 1)))
          .collect(Collectors.toSet()));
    }
    OptionalLong version = Requests.version(context, "ifVersion");
    return version.isPresent() ? Optional.of(Set.of(version.getAsLong())) : Optional.empty();
  }

  private static void answer(RoutingContext context, DeviceId device, Twin twin) {
    ObjectNode json = JsonNodeFactory.instance.objectNode().put("device", device.value());
    add(json, "desired", twin.desired());
    add(json, "reported", twin.reported());
    json.put("appliedVersion", twin.appliedVersion());
    json.set("delta", twin.delta());
    context.response().putHeader("ETag", "\"" + twin.desired().version() + "\"");
    Requests.answer(context, json);
  }

  private static void add(ObjectNode json, String name, Twin.Part part) {
    json.set(name, part.content());
    json.put(name + "Version", part.version());
    json.put(name + "At", text(part.changedAt()));
  }

  private static @Nullable String text(@Nullable Instant time) {
    return time == null ? null : time.toString();
  }
}
