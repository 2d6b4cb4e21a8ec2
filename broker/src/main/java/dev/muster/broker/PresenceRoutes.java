/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.muster.broker.presence.AlarmBook;
import dev.muster.broker.presence.DeviceConnection;
import dev.muster.broker.presence.Presence;
import dev.muster.broker.presence.PresenceBook;
import dev.muster.broker.session.SessionAlarm;
import dev.muster.protocol.identity.DeviceId;
import dev.muster.protocol.identity.Quoted;
import io.vertx.core.WorkerExecutor;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import io.vertx.ext.web.handler.HttpException;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Who is and was connected, and what is odd about it, over the operator API. */
final class PresenceRoutes {
  private static final int DEFAULT_LIMIT = 100;
  private static final int MAX_LIMIT = 1_000;
  /** Tells them from the alarms of the enrollment service. */
  private static final String PREFIX = "session-";

  private final PresenceBook presence;
  private final AlarmBook alarms;
  private final WorkerExecutor executor;

  PresenceRoutes(PresenceBook presence, AlarmBook alarms, WorkerExecutor executor) {
    this.presence = presence;
    this.alarms = alarms;
    this.executor = executor;
  }

  void mount(Router router) {
    router.get("/presence").handler(Requests.checked(this::list));
    router.get("/devices/:id/presence").handler(Requests.checked(this::show));
    router.get("/devices/:id/connections").handler(Requests.checked(this::connections));
    router.get("/sessions/alarms").handler(this::alarms);
    router.post("/sessions/alarms/:alarm/acknowledge").handler(Requests.checked(this::acknowledge));
  }

  /** Of the devices that are named; or of all in a state, in pages. */
  private void list(RoutingContext context) {
    List<DeviceId> devices =
        context.queryParam("device").stream().map(DeviceId::new).toList();
    if (devices.size() > MAX_LIMIT) {
      throw new IllegalArgumentException("device: expected at most " + MAX_LIMIT);
    }
    if (!devices.isEmpty()) {
      executor
          .executeBlocking(() -> presence.of(devices), false)
          .onSuccess(found -> Requests.answer(context, list(found, null)))
          .onFailure(problem -> QueryParameters.fail(context, problem));
      return;
    }
    List<String> fleets = OperatorScope.of(context).fleets();
    boolean online = isOnline(Requests.parameter(context, "state"));
    @Nullable String after = Requests.parameter(context, "after");
    int limit = Requests.limit(context, DEFAULT_LIMIT, MAX_LIMIT);
    executor
        .executeBlocking(
            () -> presence.list(fleets, online, after == null ? "" : after, limit), false)
        .onSuccess(found -> Requests.answer(context, list(found, limit)))
        .onFailure(problem -> QueryParameters.fail(context, problem));
  }

  private static boolean isOnline(@Nullable String state) {
    if ("online".equals(state) || "offline".equals(state)) {
      return state.equals("online");
    }
    throw new IllegalArgumentException("state: expected online or offline; or give devices");
  }

  private static ObjectNode list(Map<DeviceId, Presence> found, @Nullable Integer limit) {
    ObjectNode answer = JsonNodeFactory.instance.objectNode();
    ArrayNode list = answer.putArray("presence");
    @Nullable String last = null;
    for (Map.Entry<DeviceId, Presence> one : found.entrySet()) {
      list.add(json(one.getKey(), one.getValue()));
      last = one.getKey().value();
    }
    return answer.put("next", limit != null && found.size() == limit ? last : null);
  }

  private void show(RoutingContext context) {
    DeviceId device = Requests.device(context);
    executor
        .executeBlocking(() -> presence.find(device), false)
        .onSuccess(found -> found.ifPresentOrElse(
            known -> Requests.answer(context, json(device, known)),
            () -> context.fail(new HttpException(
                404, "device: " + device + " (expected: one that was connected here)"))))
        .onFailure(problem -> QueryParameters.fail(context, problem));
  }

  private static ObjectNode json(DeviceId device, Presence presence) {
    return JsonNodeFactory.instance
        .objectNode()
        .put("device", device.value())
        .put("fleet", presence.fleet().value())
        .put("state", presence.state())
        .put("since", presence.since().toString())
        .put("reason", presence.reason());
  }

  private void connections(RoutingContext context) {
    DeviceId device = Requests.device(context);
    int limit = Requests.limit(context, DEFAULT_LIMIT, MAX_LIMIT);
    long before = Requests.version(context, "after").orElse(Long.MAX_VALUE);
    executor
        .executeBlocking(() -> presence.connections(device, before, limit + 1), false)
        .onSuccess(found -> Requests.answer(context, page(found, limit)))
        .onFailure(problem -> QueryParameters.fail(context, problem));
  }

  private static ObjectNode page(List<DeviceConnection> found, int limit) {
    boolean more = found.size() > limit;
    List<DeviceConnection> shown = more ? found.subList(0, limit) : found;
    ObjectNode page = JsonNodeFactory.instance.objectNode();
    ArrayNode list = page.putArray("connections");
    shown.forEach(connection -> list.add(json(connection)));
    return page.put("next", more ? Long.toString(shown.get(limit - 1).id()) : null);
  }

  private static ObjectNode json(DeviceConnection connection) {
    return JsonNodeFactory.instance
        .objectNode()
        .put("connectedAt", connection.connectedAt().toString())
        .put("disconnectedAt", text(connection.disconnectedAt()))
        .put("reason", connection.reason())
        .put("address", connection.address())
        .put("mqttVersion", connection.mqtt())
        .put("tls", connection.tls())
        .put("cipher", connection.cipher())
        .put("certificateSerial", connection.certificate());
  }

  private void alarms(RoutingContext context) {
    boolean all = "true".equals(Requests.parameter(context, "all"));
    executor
        .executeBlocking(() -> alarms.list(all), false)
        .onSuccess(found -> {
          ObjectNode answer = JsonNodeFactory.instance.objectNode();
          ArrayNode list = answer.putArray("alarms");
          found.forEach(kept -> list.add(json(kept)));
          Requests.answer(context, answer);
        })
        .onFailure(problem -> QueryParameters.fail(context, problem));
  }

  private static ObjectNode json(AlarmBook.Kept kept) {
    SessionAlarm alarm = kept.alarm();
    ObjectNode json = JsonNodeFactory.instance
        .objectNode()
        .put("id", PREFIX + kept.id())
        .put("kind", alarm.kind().name().toLowerCase(Locale.ROOT))
        .put("client", alarm.client())
        .put("subject", alarm.subject())
        .put("certificate", alarm.certificate());
    ArrayNode addresses = json.putArray("addresses");
    alarm.addresses().forEach(addresses::add);
    return json.put("raisedAt", alarm.raisedAt().toString())
        .put("lastAt", alarm.lastAt().toString())
        .put("times", alarm.times())
        .put("detail", alarm.detail())
        .put("acknowledgedAt", text(kept.acknowledgedAt()));
  }

  private void acknowledge(RoutingContext context) {
    String id = context.pathParam("alarm");
    if (!id.matches(PREFIX + "[0-9]{1,18}")) {
      unknown(context, id);
      return;
    }
    Requests.whenKept(
        context, alarms.acknowledge(Long.parseLong(id.substring(PREFIX.length()))), found -> {
          if (found) {
            Requests.answer(context, JsonNodeFactory.instance.objectNode().put("id", id));
          } else {
            unknown(context, id);
          }
        });
  }

  private static void unknown(RoutingContext context, String id) {
    context.fail(
        new HttpException(404, "alarm: " + Quoted.of(id) + " (expected: one that is known here)"));
  }

  private static @Nullable String text(@Nullable Instant time) {
    return time == null ? null : time.toString();
  }
}
