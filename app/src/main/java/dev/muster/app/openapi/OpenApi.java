/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.openapi;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * The OpenAPI document of the operator API. It stands in the class path, a file for each area and
 * one for what they share, and is written by hand: what it promises is decided, not derived.
 */
public final class OpenApi {
  private static final String BASE = "base";
  private static final List<String> AREAS = List.of(
      "access",
      "fleet",
      "manufacturers",
      "devices",
      "certificates",
      "bulk",
      "telemetry",
      "twins",
      "connections");
  private static final ObjectMapper YAML = new ObjectMapper(new YAMLFactory());
  private static final String PATHS = "paths";
  private static final String SCHEMAS = "schemas";
  private static final String COMPONENTS = "components";

  private final JsonObject document;

  private OpenApi(JsonObject document) {
    this.document = document;
  }

  /** Puts the files together; blocks. */
  public static OpenApi load() {
    JsonObject document = read(BASE);
    JsonObject paths = new JsonObject();
    document.put(PATHS, paths);
    JsonObject schemas = document.getJsonObject(COMPONENTS).getJsonObject(SCHEMAS);
    for (String area : AREAS) {
      JsonObject one = read(area);
      add(paths, one.getJsonObject(PATHS));
      add(
          schemas,
          one.getJsonObject(COMPONENTS, new JsonObject()).getJsonObject(SCHEMAS, new JsonObject()));
    }
    return new OpenApi(document);
  }

  private static void add(JsonObject all, JsonObject some) {
    some.fieldNames().forEach(name -> {
      if (all.containsKey(name)) {
        throw new IllegalStateException("described twice: " + name);
      }
      all.put(name, some.getValue(name));
    });
  }

  private static JsonObject read(String name) {
    try (InputStream in = OpenApi.class.getResourceAsStream(name + ".yaml")) {
      if (in == null) {
        throw new IllegalStateException(name + ".yaml is not in the class path");
      }
      return new JsonObject(YAML.readValue(in, new TypeReference<Map<String, Object>>() {}));
    } catch (IOException e) {
      throw new UncheckedIOException(name + ".yaml", e);
    }
  }

  /** A copy of all of it. */
  public JsonObject document() {
    return document.copy();
  }

  /** Adds the route that serves it. */
  public void mount(Router api) {
    Buffer text = document.toBuffer();
    api.get("/openapi.json")
        .handler(
            ctx -> ctx.response().putHeader("Content-Type", "application/json").end(text));
  }

  /** Refuses requests that are not as described. To be mounted after the body is read. */
  public void check(Router root, String prefix) {
    References references = new References(document);
    document
        .getJsonObject(PATHS)
        .forEach(path -> ((JsonObject) path.getValue())
            .forEach(method -> root.route(
                    HttpMethod.valueOf(method.getKey().toUpperCase(Locale.ROOT)),
                    prefix + path.getKey().replaceAll("\\{(\\w+)}", ":$1"))
                .handler(new RequestCheck((JsonObject) method.getValue(), references)::handle)));
  }
}
