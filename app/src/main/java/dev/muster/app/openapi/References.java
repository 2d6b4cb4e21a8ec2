/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.openapi;

import io.vertx.core.json.JsonObject;

/** What {@code $ref} stands for in a document. */
record References(JsonObject document) {
  JsonObject follow(JsonObject json) {
    String reference = json.getString("$ref");
    if (reference == null) {
      return json;
    }
    JsonObject found = document;
    for (String step : reference.substring("#/".length()).split("/")) {
      found = found.getJsonObject(step);
      if (found == null) {
        throw new IllegalStateException("nothing stands at " + reference);
      }
    }
    return follow(found);
  }
}
