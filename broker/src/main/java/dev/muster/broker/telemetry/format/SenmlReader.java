/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.telemetry.format;

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

/** Reads SenML in JSON and in CBOR, which differ in their labels alone (RFC 8428, 5 and 6). */
final class SenmlReader {
  /** What stands for a label in CBOR (RFC 8428, 6, table 4), as the parser gives it. */
  private static final Map<String, String> CBOR_LABELS = Map.ofEntries(
      Map.entry("-1", "bver"),
      Map.entry("-2", "bn"),
      Map.entry("-3", "bt"),
      Map.entry("-4", "bu"),
      Map.entry("-5", "bv"),
      Map.entry("-6", "bs"),
      Map.entry("0", "n"),
      Map.entry("1", "u"),
      Map.entry("2", "v"),
      Map.entry("3", "vs"),
      Map.entry("4", "vb"),
      Map.entry("5", "s"),
      Map.entry("6", "t"),
      Map.entry("7", "ut"),
      Map.entry("8", "vd"));

  private final JsonParser in;
  private final boolean cbor;

  private SenmlReader(JsonParser in, boolean cbor) {
    this.in = in;
    this.cbor = cbor;
  }

  /** Reads an array whose start has been read. @throws IllegalArgumentException if it is no pack */
  static SenmlPack read(JsonParser in, boolean cbor) throws IOException {
    return new SenmlPack(new SenmlReader(in, cbor).readRecords());
  }

  private List<SenmlRecord> readRecords() throws IOException {
    List<SenmlRecord> records = new ArrayList<>();
    while (in.nextToken() != JsonToken.END_ARRAY) {
      if (in.currentToken() != JsonToken.START_OBJECT) {
        throw new IllegalArgumentException("record " + records.size() + ": not an object");
      }
      if (records.size() == TelemetryCodec.MAX_MEASUREMENTS) {
        throw new IllegalArgumentException("payload: too many records (expected: at most "
            + TelemetryCodec.MAX_MEASUREMENTS + ")");
      }
      try {
        records.add(readRecord());
      } catch (IllegalArgumentException e) {
        throw new IllegalArgumentException("record " + records.size() + ": " + e.getMessage(), e);
      }
    }
    return records;
  }

  private SenmlRecord readRecord() throws IOException {
    Map<String, Object> fields = new HashMap<>();
    while (in.nextToken() == JsonToken.FIELD_NAME) {
      String name = in.currentName();
      String label = cbor ? CBOR_LABELS.getOrDefault(name, name) : name;
      JsonToken token = in.nextToken();
      Object value = readField(label, token);
      // In CBOR a label may stand there as a number and as text.
      if (value != null && fields.put(label, value) != null) {
        throw new IllegalArgumentException(label + ": twice (expected: once)");
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
        (String) fields.get("vd"),
        (Double) fields.get("s"),
        (Double) fields.get("t"));
  }

  private @Nullable Object readField(String label, JsonToken token) throws IOException {
    switch (label) {
      case "bn", "bu", "n", "u":
        expect(label, token == JsonToken.VALUE_STRING, "text");
        return in.getText();
      case "vs":
        expect(label, token == JsonToken.VALUE_STRING, "text");
        return Scalars.text(label, in.getText());
      case "bt", "bv", "bs", "v", "s", "t", "ut":
        expect(label, token.isNumeric(), "a number");
        return Scalars.number(in);
      case "bver":
        expect(label, token == JsonToken.VALUE_NUMBER_INT, "an integer");
        return Scalars.number(in);
      case "vb":
        expect(label, token.isBoolean(), "a boolean");
        return in.getBooleanValue();
      case "vd":
        return Scalars.text(label, readData(token));
      default:
        // A field that ends with _ must be understood, or the pack refused (RFC 8428, 4.4).
        if (label.endsWith("_")) {
          throw new IllegalArgumentException(
              "field: " + Quoted.of(label) + " must be understood, and is not");
        }
        in.skipChildren();
        return null;
    }
  }

  private String readData(JsonToken token) throws IOException {
    if (cbor) {
      expect("vd", token == JsonToken.VALUE_EMBEDDED_OBJECT, "bytes");
      return Scalars.data("vd", in);
    }
    expect("vd", token == JsonToken.VALUE_STRING, "base64url");
    return Scalars.checkData("vd", in.getText());
  }

  private static void expect(String label, boolean holds, String expected) {
    if (!holds) {
      throw new IllegalArgumentException(label + ": wrong type (expected: " + expected + ")");
    }
  }
}
