/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.authz;

import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonStreamContext;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.io.ContentReference;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;

/** Where the parts of a policy file stand in its text. Immutable. */
final class PolicyPlaces {
  private static final JsonLocation BEGINNING =
      new JsonLocation(ContentReference.unknown(), 0, 1, 1);

  private final Map<String, JsonLocation> lines;

  private PolicyPlaces(Map<String, JsonLocation> lines) {
    this.lines = lines;
  }

  /** @param parser at the beginning of the text, which is known to be well-formed */
  static PolicyPlaces read(JsonParser parser) throws IOException {
    Map<String, JsonLocation> lines = new HashMap<>();
    for (JsonToken token = parser.nextToken(); token != null; token = parser.nextToken()) {
      if (!token.isStructEnd()) {
        JsonStreamContext context = parser.getParsingContext();
        // The first to speak for a place is its key, or its element of a list.
        JsonStreamContext own = token.isStructStart() ? context.getParent() : context;
        lines.putIfAbsent(place(own), parser.currentTokenLocation());
      }
    }
    return new PolicyPlaces(lines);
  }

  private static String place(JsonStreamContext context) {
    if (context.inRoot()) {
      return "";
    }
    String above = place(context.getParent());
    if (context.inArray()) {
      return above + "[" + context.getCurrentIndex() + "]";
    }
    return above.isEmpty() ? context.getCurrentName() : above + "." + context.getCurrentName();
  }

  /**
   * @param place for example {@code roles.device.publish[0]}
   * @return of what is missing, where the part stands that lacks it
   */
  JsonLocation find(String place) {
    String part = place;
    while (!part.isEmpty() && !lines.containsKey(part)) {
      part = part.substring(0, Math.max(0, Math.max(part.lastIndexOf('.'), part.lastIndexOf('['))));
    }
    return lines.getOrDefault(part, BEGINNING);
  }
}
