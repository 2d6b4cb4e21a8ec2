/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.telemetry;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import dev.muster.protocol.identity.Quoted;
import dev.muster.protocol.telemetry.SenmlPack;
import dev.muster.protocol.telemetry.SenmlRecord;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The JSON form of SenML (RFC 8428, 5). */
final class SenmlJson {
  private SenmlJson() {}

  /** Reads an array whose start has been read. @throws IllegalArgumentException if it is no pack */
  static SenmlPack read(JsonParser json, int maxRecords) throws IOException {
    List<SenmlRecord> records = new ArrayList<>();
    while (json.nextToken() != JsonToken.END_ARRAY) {
      if (json.currentToken() != JsonToken.START_OBJECT) {
        throw new IllegalArgumentException("record " + records.size() + ": not an object");
      }
      if (records.size() == maxRecords) {
        throw new IllegalArgumentException(
            "payload: too many records (expected: at most " + maxRecords + ")");
      }
      try {
        records.add(readRecord(json));
      } catch (IllegalArgumentException e) {
        throw new IllegalArgumentException("record " + records.size() + ": " + e.getMessage(), e);
      }
    }
    return new SenmlPack(records);
  }

  private static SenmlRecord readRecord(JsonParser json) throws IOException {
    Map<String, Object> fields = new HashMap<>();
    while (json.nextToken() == JsonToken.FIELD_NAME) {
      String label = json.currentName();
      JsonToken token = json.nextToken();
      Object value = readField(json, label, token);
      if (value != null) {
        fields.put(label, value);
      }
    }
    Double version = (Double) fields.get("bver");
    return new SenmlRecord(
        (String) fields.get("bn"),
        (Double) fields.get("bt"),
        (String) fields.get("bu"),
        (Double) fields.get("bv"),
        (Double) fields.get("bs"),
        version == null ? null : version.intValue(),
        (String) fields.get("n"),
        (String) fields.get("u"),
        (Double) fields.get("v"),
        (String) fields.get("vs"),
        (Boolean) fields.get("vb"),
        (Double) fields.get("s"),
        (Double) fields.get("t"));
  }

  private static @Nullable Object readField(JsonParser json, String label, JsonToken token)
      throws IOException {
    switch (label) {
      case "bn", "bu", "n", "u", "vs":
        expect(label, token == JsonToken.VALUE_STRING, "text");
        return json.getText();
      case "bt", "bv", "bs", "v", "s", "t", "ut":
        expect(label, token.isNumeric(), "a number");
        return json.getDoubleValue();
      case "bver":
        expect(label, token == JsonToken.VALUE_NUMBER_INT, "an integer");
        return json.getDoubleValue();
      case "vb":
        expect(label, token.isBoolean(), "a boolean");
        return json.getBooleanValue();
      case "vd":
        throw new IllegalArgumentException("vd: opaque bytes are not taken (use v, vs or vb)");
      default:
        // A field that ends with _ must be understood, or the pack refused (RFC 8428, 4.4).
        if (label.endsWith("_")) {
          throw new IllegalArgumentException(
              "field: " + Quoted.of(label) + " must be understood, and is not");
        }
        json.skipChildren();
        return null;
    }
  }

  private static void expect(String label, boolean holds, String expected) {
    if (!holds) {
      throw new IllegalArgumentException(label + ": wrong type (expected: " + expected + ")");
    }
  }
}
