/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.operator;

import dev.muster.protocol.identity.Quoted;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.RoutingContext;
import io.vertx.ext.web.handler.HttpException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/**
 * {@code If-Match} (RFC 9110, 13.1.1): a change is made only to what the caller has seen, so that
 * of two who edit the same thing none undoes unseen what the other did.
 *
 * @param tag null if the caller does not care
 */
record Precondition(@Nullable String tag) {
  private static final String HEADER = "If-Match";
  private static final int TAG_BYTES = 16;

  static Precondition of(RoutingContext request) {
    String tag = request.request().getHeader(HEADER);
    if (tag == null || tag.equals("*")) {
      return new Precondition(null);
    }
    if (!tag.matches("\"[0-9a-f]{32}\"")) {
      throw Work.badRequest(HEADER + ": " + Quoted.of(tag) + " (expected: the ETag of GET, or *)");
    }
    return new Precondition(tag);
  }

  /** The entity tag of what is shown so. */
  static String tagOf(JsonObject shown) {
    try {
      byte[] hash = MessageDigest.getInstance("SHA-256")
          .digest(shown.encode().getBytes(StandardCharsets.UTF_8));
      return '"' + HexFormat.of().formatHex(hash, 0, TAG_BYTES) + '"';
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  /**
   * To be called where nobody else can change it any more.
   *
   * @throws HttpException 412 if it is not what the caller has seen
   */
  void check(String what, JsonObject present) {
    if (tag != null && !tag.equals(tagOf(present))) {
      throw new HttpException(
          412, what + ": changed meanwhile (hint: look at it again, and decide anew)");
    }
  }
}
