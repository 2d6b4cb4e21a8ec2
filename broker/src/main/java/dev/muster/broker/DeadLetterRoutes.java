/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker;

import com.fasterxml.jackson.databind.JsonNode;
import dev.muster.broker.telemetry.NotStoredException;
import dev.muster.broker.telemetry.Page;
import dev.muster.broker.telemetry.TelemetrySink;
import dev.muster.broker.telemetry.TelemetrySink.Stored;
import dev.muster.broker.telemetry.deadletter.DeadLetter;
import dev.muster.broker.telemetry.deadletter.DeadLetters;
import dev.muster.broker.telemetry.deadletter.Payload;
import dev.muster.protocol.identity.DeviceId;
import dev.muster.protocol.telemetry.MessageIdentity;
import io.vertx.core.Future;
import io.vertx.core.WorkerExecutor;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import io.vertx.ext.web.handler.HttpException;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Messages that are kept aside, over the operator API. */
final class DeadLetterRoutes {
  private static final Logger LOG = LoggerFactory.getLogger(DeadLetterRoutes.class);
  private static final int DEFAULT_LIMIT = 100;
  private static final int MAX_LIMIT = 1_000;

  private final DeadLetters letters;
  private final TelemetrySink sink;
  private final WorkerExecutor executor;

  DeadLetterRoutes(DeadLetters letters, TelemetrySink sink, WorkerExecutor executor) {
    this.letters = letters;
    this.sink = sink;
    this.executor = executor;
  }

  void mount(Router router) {
    router.get("/dead-letters").handler(Requests.checked(context -> {
      String device = Requests.parameter(context, "device");
      list(context, device == null ? null : new DeviceId(device));
    }));
    router
        .get("/devices/:id/dead-letters")
        .handler(Requests.checked(context -> list(context, Requests.device(context))));
    router.get("/dead-letters/:letter").handler(Requests.checked(this::show));
    router.post("/dead-letters/:letter/replay").handler(Requests.checked(this::replay));
    router.post("/dead-letters/:letter/discard").handler(Requests.checked(this::discard));
  }

  private void list(RoutingContext context, @Nullable DeviceId device) {
    String after = Requests.parameter(context, "after");
    long before =
        after == null ? Long.MAX_VALUE : Requests.number("after", after, 1, Long.MAX_VALUE);
    int limit = Requests.limit(context, DEFAULT_LIMIT, MAX_LIMIT);
    List<String> fleets = OperatorScope.of(context).fleets();
    boolean payloads = "true".equals(Requests.parameter(context, "payload"));
    executor
        .executeBlocking(() -> letters.list(fleets, device, before, limit, payloads), false)
        .onSuccess(page -> context.json(toJson(page)))
        .onFailure(problem -> QueryParameters.fail(context, problem));
  }

  private static JsonObject toJson(Page<DeadLetter> page) {
    List<DeadLetter> found = page.entries();
    JsonArray array = new JsonArray();
    found.forEach(letter -> array.add(toJson(letter)));
    return new JsonObject()
        .put("deadLetters", array)
        .put("next", page.more() ? Long.toString(found.get(found.size() - 1).id()) : null);
  }

  private static JsonObject toJson(DeadLetter letter) {
    MessageIdentity identity = letter.identity();
    JsonObject json = new JsonObject()
        .put("id", letter.id())
        .put("fleet", letter.topic().fleet().value())
        .put("device", letter.topic().device().value())
        .put("stream", letter.topic().stream())
        .put("boot", identity == null ? null : identity.boot())
        .put("sequence", identity == null ? null : identity.sequence())
        .put("receivedAt", letter.receivedAt().toString())
        .put("contentType", letter.contentType())
        .put("bytes", letter.bytes())
        .put("reason", letter.reason())
        .put("due", letter.due() == null ? null : letter.due().toString());
    Payload payload = letter.payload();
    return payload == null ? json : json.put("payloadBase64", payload.base64());
  }

  private void show(RoutingContext context) {
    found(context, Requests.whole(context, "letter"))
        .onSuccess(letter -> {
          JsonObject json = toJson(letter);
          Payload payload = letter.payload();
          if (payload != null) {
            json.put("payloadHex", payload.hex());
            json.put("payloadText", payload.text().orElse(null));
          }
          context.json(json);
        })
        .onFailure(problem -> QueryParameters.fail(context, problem));
  }

  private Future<DeadLetter> found(RoutingContext context, long id) {
    OperatorScope scope = OperatorScope.of(context);
    return executor.executeBlocking(
        () -> letters
            .find(id)
            .filter(letter -> scope.includes(letter.topic().fleet().value()))
            .orElseThrow(() -> absent(id)),
        false);
  }

  private static HttpException absent(long id) {
    return new HttpException(404, "dead letter " + id + ": not there");
  }

  private void replay(RoutingContext context) {
    long id = Requests.whole(context, "letter");
    JsonNode contentType = Requests.bodyOrNone(context).path("contentType");
    if (!contentType.isMissingNode() && !contentType.isTextual()) {
      throw new IllegalArgumentException("contentType: no text (expected: such as text/plain)");
    }
    String named = contentType.isTextual() ? contentType.asText() : null;
    OperatorScope scope = OperatorScope.of(context);
    found(context, id)
        // It goes into the device as it is now, whose fleet may be another by now.
        .compose(letter -> executor.executeBlocking(
            () -> {
              if (!scope.includesDevice(letter.topic().device().value())) {
                throw absent(id);
              }
              return letter;
            },
            false))
        .compose(letter -> Future.fromCompletionStage(
            sink.store(DeadLetters.reread(letter, named)), context.vertx().getOrCreateContext()))
        .onSuccess(stored -> replayed(context, id, stored))
        .onFailure(failure -> notReplayed(context, failure));
  }

  private static void notReplayed(RoutingContext context, Throwable failure) {
    if (failure instanceof NotStoredException) {
      ProblemDetails.failForNow(context, "cannot be stored now: " + failure.getMessage());
    } else {
      QueryParameters.fail(context, failure);
    }
  }

  private void replayed(RoutingContext context, long id, Stored stored) {
    LOG.info("Dead letter replayed id={} outcome={}", id, stored);
    executor
        .executeBlocking(() -> letters.find(id), false)
        .onSuccess(left -> context.json(outcome(id, stored, left)))
        .onFailure(problem -> QueryParameters.fail(context, problem));
  }

  private static JsonObject outcome(long id, Stored stored, Optional<DeadLetter> left) {
    return new JsonObject()
        .put("id", id)
        .put("outcome", stored.name().toLowerCase(Locale.ROOT).replace('_', '-'))
        .put("reason", left.map(DeadLetter::reason).orElse(null));
  }

  private void discard(RoutingContext context) {
    long id = Requests.whole(context, "letter");
    found(context, id)
        .compose(there -> executor.executeBlocking(() -> letters.discard(id), false))
        .onSuccess(there -> {
          if (!there) {
            context.fail(absent(id));
            return;
          }
          LOG.info("Dead letter discarded id={}", id);
          context.json(new JsonObject().put("id", id).put("outcome", "discarded"));
        })
        .onFailure(problem -> QueryParameters.fail(context, problem));
  }
}
