/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.operator;

import dev.muster.enrollment.audit.Actor;
import dev.muster.enrollment.inventory.Within;
import dev.muster.enrollment.issuance.IssuanceException;
import dev.muster.enrollment.sql.SqlFailedException;
import dev.muster.protocol.identity.FleetName;
import dev.muster.protocol.identity.Quoted;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.RoutingContext;
import io.vertx.ext.web.handler.HttpException;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Takes blocking work off the event loop, and brings its result or its failure back. */
final class Work {
  private static final Logger LOG = LoggerFactory.getLogger(Work.class);

  /** What databases can keep. */
  private static final Instant EARLIEST = Instant.parse("0000-01-01T00:00:00Z");

  private static final Instant LATEST = Instant.parse("9999-12-31T23:59:59.999999Z");

  private final Executor workers;

  Work(Executor workers) {
    this.workers = workers;
  }

  /** Runs {@code work} and answers with what it returns. */
  void answer(RoutingContext request, int status, Supplier<JsonObject> work) {
    run(request, work, json -> send(request, status, json));
  }

  /** As {@link #answer}, with an entity tag, which {@link Precondition} takes. */
  void answerTagged(RoutingContext request, int status, Supplier<JsonObject> work) {
    answerTagged(request, status, work, Precondition::tagOf);
  }

  /** @param tag where only a part of what is shown can be edited: that of this part */
  void answerTagged(
      RoutingContext request,
      int status,
      Supplier<JsonObject> work,
      Function<JsonObject, String> tag) {
    run(request, work, json -> {
      request.response().putHeader("ETag", tag.apply(json));
      send(request, status, json);
    });
  }

  /** Runs {@code work} on a worker and {@code then} back on the event loop. */
  <T> void run(RoutingContext request, Supplier<T> work, Consumer<T> then) {
    run(request, work, then, request::fail);
  }

  /** As above, where more is to be done about a failure than to answer with it. */
  <T> void run(
      RoutingContext request, Supplier<T> work, Consumer<T> then, Consumer<Throwable> failed) {
    Context context = Vertx.currentContext();
    try {
      workers.execute(() -> {
        try {
          T result = work.get();
          context.runOnContext(back -> then.accept(result));
        } catch (SqlFailedException e) {
          LOG.error("Registry out of order", e);
          context.runOnContext(
              back -> failed.accept(forNow(request, "registry: out of order, try again later")));
        } catch (IssuanceException e) {
          LOG.error("Certificate not issued reason=\"{}\"", e.getMessage());
          context.runOnContext(
              back -> failed.accept(forNow(request, String.valueOf(e.getMessage()))));
        } catch (RuntimeException e) {
          context.runOnContext(back -> failed.accept(e));
        }
      });
    } catch (RejectedExecutionException e) {
      failed.accept(forNow(request, "busy, try again later"));
    }
  }

  private static HttpException forNow(RoutingContext request, String detail) {
    if (!request.response().headWritten()) {
      request.response().putHeader("Retry-After", "10");
    }
    return new HttpException(503, detail);
  }

  /** Which fleets whoever asks may see. */
  static Within within(RoutingContext request) {
    @Nullable List<String> fleets = request.get(OperatorRoutes.FLEETS);
    return fleets == null
        ? Within.ALL
        : new Within(fleets.stream().map(FleetName::new).toList());
  }

  static void send(RoutingContext request, int status, JsonObject json) {
    request.response().setStatusCode(status).putHeader("Content-Type", "application/json");
    request.end(json.toBuffer());
  }

  /** The JSON object in the body; an empty one if there is no body. */
  static JsonObject body(RoutingContext request) {
    try {
      @Nullable JsonObject body = request.body().asJsonObject();
      return body == null ? new JsonObject() : body;
    } catch (DecodeException | ClassCastException e) {
      throw badRequest("body: not a JSON object");
    }
  }

  /** A text of the body; null if absent. */
  static @Nullable String optional(JsonObject body, String name) {
    Object value = body.getValue(name);
    if (value == null || value instanceof String) {
      return (String) value;
    }
    throw badRequest(name + ": expected a text");
  }

  /** A text of the body that must be there. */
  static String required(JsonObject body, String name) {
    String value = optional(body, name);
    if (value == null || value.isEmpty()) {
      throw badRequest(name + ": absent (expected: a text)");
    }
    return value;
  }

  /** A truth value of the body; false if absent. */
  static boolean flag(JsonObject body, String name) {
    Object value = body.getValue(name);
    if (value == null || value instanceof Boolean) {
      return Boolean.TRUE.equals(value);
    }
    throw badRequest(name + ": expected true or false");
  }

  /** An object in the body; an empty one if absent. */
  static JsonObject object(JsonObject body, String name) {
    Object value = body.getValue(name);
    if (value == null || value instanceof JsonObject) {
      return value == null ? new JsonObject() : (JsonObject) value;
    }
    throw badRequest(name + ": expected an object");
  }

  /** A list of texts in the body; an empty one if absent. */
  static List<String> texts(JsonObject body, String name) {
    Object value = body.getValue(name);
    if (value == null) {
      return List.of();
    }
    if (value instanceof JsonArray array && array.stream().allMatch(String.class::isInstance)) {
      return array.stream().map(String.class::cast).toList();
    }
    throw badRequest(name + ": expected a list of texts");
  }

  /** Turns the complaint of a validating constructor into a 400. */
  static <T> T checked(Supplier<T> value) {
    try {
      return value.get();
    } catch (IllegalArgumentException e) {
      throw badRequest(String.valueOf(e.getMessage()));
    }
  }

  /** Who asks, for the audit. */
  static Actor actor(RoutingContext request) {
    @Nullable String name = request.get(OperatorRoutes.ACTOR);
    return new Actor(name == null ? "operator" : name, OperatorRoutes.from(request));
  }

  /** @param name what it is a time of, for who gave it */
  static Instant time(String name, String text) {
    try {
      Instant time = Instant.parse(text);
      if (!time.isBefore(EARLIEST) && !time.isAfter(LATEST)) {
        return time;
      }
    } catch (DateTimeParseException e) {
      // Told below.
    }
    throw badRequest(name + ": " + Quoted.of(text)
        + " (expected: a time such as 2026-01-31T12:00:00Z, of the years 0 to 9999)");
  }

  static int limit(RoutingContext request) {
    String text = request.request().getParam("limit");
    if (text == null) {
      return 100;
    }
    if (!text.matches("[0-9]{1,4}")
        || Integer.parseInt(text) < 1
        || Integer.parseInt(text) > 1000) {
      throw badRequest("limit: expected 1 to 1000");
    }
    return Integer.parseInt(text);
  }

  static String after(RoutingContext request) {
    String after = request.request().getParam("after");
    return after == null ? "" : after;
  }

  static HttpException badRequest(String detail) {
    return new HttpException(400, detail);
  }

  static HttpException notFound(String what, String value) {
    return new HttpException(
        404, what + ": " + Quoted.of(value) + " (expected: one that is known here)");
  }

  static HttpException conflict(String detail) {
    return new HttpException(409, detail);
  }
}
