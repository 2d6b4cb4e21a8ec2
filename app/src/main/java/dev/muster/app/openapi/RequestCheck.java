/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.openapi;

import dev.muster.protocol.identity.Quoted;
import io.vertx.core.MultiMap;
import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.RoutingContext;
import io.vertx.ext.web.handler.HttpException;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Refuses what an operation of the document does not describe: other parameters, other members of
 * the body, and values out of their bounds. Else, paths and headers are for those who answer to
 * judge.
 */
final class RequestCheck {
  private static final String JSON = "application/json";

  private final Map<String, Schema> parameters = new TreeMap<>();
  private final Set<String> required = new TreeSet<>();
  private final @Nullable Schema body;
  private final boolean bodyRequired;

  RequestCheck(JsonObject operation, References references) {
    for (Object one : operation.getJsonArray("parameters", new JsonArray())) {
      JsonObject parameter = references.follow((JsonObject) one);
      if (parameter.getString("in").equals("query")) {
        String name = parameter.getString("name");
        parameters.put(name, new Schema(parameter.getJsonObject("schema"), references));
        if (parameter.getBoolean("required", false)) {
          required.add(name);
        }
      }
    }
    JsonObject request = operation.getJsonObject("requestBody", new JsonObject());
    JsonObject json = request.getJsonObject("content", new JsonObject()).getJsonObject(JSON);
    this.body = json == null ? null : new Schema(json.getJsonObject("schema"), references);
    this.bodyRequired = request.getBoolean("required", false);
  }

  void handle(RoutingContext context) {
    if (context.pathParams().values().stream().anyMatch(one -> one.indexOf(Schema.NUL) >= 0)) {
      throw new HttpException(404, "path: a NUL (expected: " + Schema.NO_NUL + ")");
    }
    try {
      checkParameters(context.queryParams());
      if (body != null) {
        checkBody(body, context);
      }
    } catch (IllegalArgumentException e) {
      throw new HttpException(400, e.getMessage());
    }
    context.next();
  }

  private void checkParameters(MultiMap brought) {
    for (String name : brought.names()) {
      Schema known = parameters.get(name);
      if (known == null) {
        throw new IllegalArgumentException(Quoted.of(name) + ": no parameter (expected: "
            + Schema.names(parameters.keySet()) + ")");
      }
      List<String> values = brought.getAll(name);
      // An empty one is as good as none, to whom it may be absent.
      if (!values.equals(List.of(""))) {
        known.checkTexts(name, values);
      }
    }
    for (String name : required) {
      if (brought.get(name) == null || brought.get(name).isEmpty()) {
        throw new IllegalArgumentException(name + ": absent (expected: it is needed)");
      }
    }
  }

  private void checkBody(Schema schema, RoutingContext context) {
    JsonObject json;
    try {
      json = context.body().asJsonObject();
    } catch (DecodeException | ClassCastException e) {
      throw new IllegalArgumentException("body: not a JSON object");
    }
    if (json != null) {
      schema.checkBody(json);
    } else if (bodyRequired) {
      throw new IllegalArgumentException("body: absent (expected: a JSON object)");
    }
  }
}
