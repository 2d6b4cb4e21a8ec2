/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.muster.broker.state.StateUnavailableException;
import dev.muster.broker.state.StrictJson;
import dev.muster.protocol.identity.DeviceId;
import dev.muster.protocol.identity.Quoted;
import io.vertx.core.Context;
import io.vertx.core.Handler;
import io.vertx.core.buffer.Buffer;
import io.vertx.ext.web.RoutingContext;
import io.vertx.ext.web.handler.HttpException;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;

/** What the routes of devices ask of a request, and how they answer it. */
final class Requests {
  private static final String JSON = "application/json";

  private Requests() {}

  /** A handler whose refusals are of the request: {@link IllegalArgumentException} is 400. */
  static Handler<RoutingContext> checked(Handler<RoutingContext> handler) {
    return context -> {
      try {
        handler.handle(context);
      } catch (IllegalArgumentException e) {
        context.fail(new HttpException(400, e.getMessage()));
      }
    };
  }

  static DeviceId device(RoutingContext context) {
    return new DeviceId(context.pathParam("id"));
  }

  static ObjectNode body(RoutingContext context) {
    Buffer body = context.body().buffer();
    return StrictJson.readObject("body", body == null ? new byte[0] : body.getBytes());
  }

  /** As {@link #body}, for one that may be left out. */
  static ObjectNode bodyOrNone(RoutingContext context) {
    Buffer body = context.body().buffer();
    return body == null || body.length() == 0
        ? JsonNodeFactory.instance.objectNode()
        : body(context);
  }

  /** A number in the path. */
  static long whole(RoutingContext context, String name) {
    return number(name, context.pathParam(name), 1, Long.MAX_VALUE);
  }

  static @Nullable String parameter(RoutingContext context, String name) {
    String value = context.request().getParam(name);
    return value == null || value.isEmpty() ? null : value;
  }

  static int limit(RoutingContext context, int otherwise, int most) {
    String value = parameter(context, "limit");
    return value == null ? otherwise : (int) number("limit", value, 1, most);
  }

  static OptionalLong version(RoutingContext context, String name) {
    String value = parameter(context, name);
    return value == null
        ? OptionalLong.empty()
        : OptionalLong.of(number(name, value, 0, Long.MAX_VALUE));
  }

  static long number(String name, String value, long least, long most) {
    boolean valid = value.matches("[0-9]{1,18}")
        && Long.parseLong(value) >= least
        && Long.parseLong(value) <= most;
    if (!valid) {
      throw new IllegalArgumentException(
          name + ": " + Quoted.of(value) + " (expected: " + least + " to " + most + ")");
    }
    return Long.parseLong(value);
  }

  /** Answers when something is kept; 503 if it cannot be. */
  static <T> void whenKept(RoutingContext context, CompletableFuture<T> future, Handler<T> answer) {
    // The store answers on a thread of its own, which must not be held up.
    Context here = context.vertx().getOrCreateContext();
    future.whenComplete((outcome, problem) -> here.runOnContext(now -> {
      // What follows from a failed stage has its failure as a cause.
      Throwable failure = problem instanceof CompletionException ? problem.getCause() : problem;
      if (failure instanceof StateUnavailableException) {
        ProblemDetails.failForNow(context, "cannot be kept now: " + failure.getMessage());
      } else if (failure != null) {
        context.fail(failure);
      } else {
        handled(context, () -> answer.handle(outcome));
      }
    }));
  }

  private static void handled(RoutingContext context, Runnable answer) {
    try {
      answer.run();
    } catch (RuntimeException e) {
      context.fail(e);
    }
  }

  static void answer(RoutingContext context, ObjectNode json) {
    context.response().putHeader("Content-Type", JSON).end(json.toString());
  }
}
