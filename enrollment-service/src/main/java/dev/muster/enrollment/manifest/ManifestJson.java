/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.manifest;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.muster.enrollment.inventory.ManifestEntry;
import dev.muster.protocol.identity.Quoted;
import java.io.IOException;
import java.io.Reader;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Reads {@code [{"serial": "SN1", "fleet": "north", "device": "pump-7", "tags": {"site": "x"}}]},
 * element by element.
 */
final class ManifestJson {
  private static final Set<String> FIELDS = Set.of("serial", "fleet", "device", "tags", "key");
  private static final JsonMapper JSON =
      JsonMapper.builder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build();

  private ManifestJson() {}

  /** @throws IllegalArgumentException if it is no JSON array; rows before the flaw were taken */
  static void read(Reader text, ManifestRows rows) throws IOException {
    try (JsonParser parser = JSON.createParser(text)) {
      if (parser.nextToken() != JsonToken.START_ARRAY) {
        throw new IllegalArgumentException("manifest: (expected: a JSON array of objects)");
      }
      int row = 0;
      while (parser.nextToken() != JsonToken.END_ARRAY) {
        row++;
        JsonNode element = JSON.readTree(parser);
        read(row, element, rows);
      }
      if (parser.nextToken() != null) {
        throw new IllegalArgumentException("manifest: more after the JSON array");
      }
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(
          "manifest: no JSON in line "
              + (e.getLocation() == null ? "1" : e.getLocation().getLineNr()),
          e);
    }
  }

  private static void read(int row, @Nullable JsonNode element, ManifestRows rows) {
    ManifestEntry entry;
    try {
      entry = entry(element);
    } catch (IllegalArgumentException e) {
      rows.problem(row, String.valueOf(e.getMessage()));
      return;
    }
    rows.entry(row, entry);
  }

  private static ManifestEntry entry(@Nullable JsonNode element) {
    if (element == null || !element.isObject()) {
      throw new IllegalArgumentException("no object (expected: {\"serial\": ...})");
    }
    element.fieldNames().forEachRemaining(name -> {
      if (!FIELDS.contains(name)) {
        throw new IllegalArgumentException(
            Quoted.of(name) + ": unknown (expected: serial, fleet, device, tags or key)");
      }
    });
    return ManifestRows.checked(
        text(element, "serial"),
        text(element, "fleet"),
        text(element, "device"),
        tags(element.path("tags")),
        text(element, "key"));
  }

  private static @Nullable String text(JsonNode object, String name) {
    JsonNode value = object.path(name);
    if (value.isMissingNode() || value.isNull()) {
      return null;
    }
    if (!value.isTextual()) {
      throw new IllegalArgumentException(name + ": expected a text");
    }
    return value.textValue();
  }

  private static Map<String, String> tags(JsonNode object) {
    Map<String, String> tags = new LinkedHashMap<>();
    if (object.isMissingNode() || object.isNull()) {
      return tags;
    }
    if (!object.isObject()) {
      throw new IllegalArgumentException("tags: expected an object of texts");
    }
    object.fieldNames().forEachRemaining(name -> {
      String value = text(object, name);
      tags.put(name, value == null ? "" : value);
    });
    return tags;
  }
}
