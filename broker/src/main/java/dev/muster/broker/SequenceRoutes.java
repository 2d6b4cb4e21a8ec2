/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker;

import dev.muster.broker.telemetry.sequence.BootSequence;
import dev.muster.broker.telemetry.sequence.SequenceQuery;
import dev.muster.broker.telemetry.skew.ClockSkew;
import dev.muster.broker.telemetry.skew.SkewQuery;
import dev.muster.protocol.identity.DeviceId;
import io.vertx.core.WorkerExecutor;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.util.List;
import java.util.Optional;

/** What is missing of a device, and how far its clock is off, over the operator API. */
final class SequenceRoutes {
  private static final double MILLIS = 1_000;

  private final SequenceQuery sequences;
  private final SkewQuery skews;
  private final WorkerExecutor executor;

  SequenceRoutes(SequenceQuery sequences, SkewQuery skews, WorkerExecutor executor) {
    this.sequences = sequences;
    this.skews = skews;
    this.executor = executor;
  }

  void mount(Router router) {
    router.get("/devices/:id/gaps").handler(Requests.checked(this::gaps));
    router.get("/devices/:id/clock").handler(Requests.checked(this::clock));
  }

  private void gaps(RoutingContext context) {
    DeviceId device = Requests.device(context);
    executor
        .executeBlocking(() -> sequences.ofDevice(device), false)
        .onSuccess(boots -> context.json(toJson(device, boots)))
        .onFailure(problem -> QueryParameters.fail(context, problem));
  }

  private static JsonObject toJson(DeviceId device, List<BootSequence> boots) {
    JsonArray array = new JsonArray();
    boots.forEach(boot -> array.add(toJson(boot)));
    return new JsonObject()
        .put("device", device.value())
        .put("missing", boots.stream().mapToLong(BootSequence::missing).sum())
        .put("boots", array);
  }

  private static JsonObject toJson(BootSequence boot) {
    JsonArray gaps = new JsonArray();
    boot.gaps()
        .forEach(gap -> gaps.add(new JsonObject().put("from", gap.from()).put("to", gap.to())));
    return new JsonObject()
        .put("boot", boot.boot())
        .put("first", boot.first())
        .put("last", boot.last())
        .put("received", boot.received())
        .put("missing", boot.missing())
        .put("lastReceivedAt", boot.lastReceivedAt().toString())
        .put("gaps", gaps);
  }

  private void clock(RoutingContext context) {
    DeviceId device = Requests.device(context);
    executor
        .executeBlocking(() -> skews.ofDevice(device), false)
        .onSuccess(skew -> context.json(toJson(device, skew)))
        .onFailure(problem -> QueryParameters.fail(context, problem));
  }

  private static JsonObject toJson(DeviceId device, Optional<ClockSkew> skew) {
    return new JsonObject()
        .put("device", device.value())
        .put("secondsBehind", skew.map(one -> one.behind().toMillis() / MILLIS).orElse(null))
        .put("messages", skew.map(ClockSkew::messages).orElse(0))
        .put("of", skew.map(ClockSkew::of).orElse(0));
  }
}
