/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.audit;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.HexFormat;

/** How one entry hangs on the other; pure. */
final class AuditChain {
  /** What the first entry names as the hash of the one before. */
  static final String NOTHING = "0".repeat(64);

  private static final ObjectMapper JSON = new ObjectMapper();

  private AuditChain() {}

  static AuditEntry entry(long seq, String previous, AuditEvent event, Instant at) {
    ObjectNode json = JSON.createObjectNode();
    json.put("seq", seq)
        .put("at", at.toString())
        .put("actor", event.actor().name())
        .put("from", event.actor().from())
        .put("action", event.action())
        .put("object", event.object());
    ObjectNode details = json.putObject("details");
    event.details().forEach(details::put);
    json.put("previous", previous);
    try {
      String text = JSON.writeValueAsString(json);
      return new AuditEntry(seq, text, hash(text));
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("texts that make no JSON", e);
    }
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
