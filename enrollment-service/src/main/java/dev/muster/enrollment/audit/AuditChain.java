/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.audit;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.HexFormat;
import java.util.Map;

/** How one entry hangs on the other; pure. */
final class AuditChain {
  /** What the first entry names as the hash of the one before. */
  static final String NOTHING = "0".repeat(64);

  private static final JsonFactory JSON = new JsonFactory();

  private AuditChain() {}

  static AuditEntry entry(long seq, String previous, AuditEvent event, Instant at) {
    String text = text(seq, previous, event, at);
    return new AuditEntry(seq, text, hash(text));
  }

  private static String text(long seq, String previous, AuditEvent event, Instant at) {
    StringWriter text = new StringWriter(512);
    try (JsonGenerator json = JSON.createGenerator(text)) {
      json.writeStartObject();
      json.writeNumberField("seq", seq);
      json.writeStringField("at", at.toString());
      json.writeStringField("actor", event.actor().name());
      json.writeStringField("from", event.actor().from());
      json.writeStringField("action", event.action());
      json.writeStringField("object", event.object());
      json.writeObjectFieldStart("details");
      for (Map.Entry<String, String> detail : event.details().entrySet()) {
        json.writeStringField(detail.getKey(), detail.getValue());
      }
      json.writeEndObject();
      json.writeStringField("previous", previous);
      json.writeEndObject();
    } catch (IOException e) {
      throw new IllegalStateException("texts that make no JSON", e);
    }
    return text.toString();
  }

  static String hash(String text) {
    try {
      byte[] digest =
          MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().formatHex(digest);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("this JDK has no SHA-256", e);
    }
  }
}
