/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.operator;

import dev.muster.protocol.once.IfMatch;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.RoutingContext;
import io.vertx.ext.web.handler.HttpException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** What the caller has seen, of what he changes. */
record Precondition(IfMatch seen) {
  private static final int TAG_BYTES = 16;

  static Precondition of(RoutingContext request) {
    return new Precondition(
        Work.checked(() -> IfMatch.of(request.request().headers().getAll(IfMatch.HEADER))));
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
    check(what, tagOf(present));
  }

  /** As {@link #check(String, JsonObject)}; @param present the entity tag of what is there */
  void check(String what, String present) {
    if (!seen.admits(present)) {
      throw new HttpException(
          412, what + ": changed meanwhile (hint: look at it again, and decide anew)");
    }
  }
}
