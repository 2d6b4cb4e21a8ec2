/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.publicweb;

import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * One page.
 *
 * @param method that it knows; with {@code GET} comes {@code HEAD}
 * @param consumes the media type that it wants to be sent; null if none
 * @param answer called on an event loop with the body, empty but for {@code POST}; must not block
 */
public record WebPage(
    Method method, @Nullable String consumes, Function<Buffer, Future<WebAnswer>> answer) {

  /** What it is for. */
  public enum Method {
    GET("GET, HEAD"),
    POST("POST");

    private final String allow;

    Method(String allow) {
      this.allow = allow;
    }

    String allow() {
      return allow;
    }

    boolean allows(String method) {
      return method.equals(name()) || this == GET && method.equals("HEAD");
    }
  }

  /** One to be read. */
  public static WebPage get(Supplier<Future<WebAnswer>> answer) {
    return new WebPage(Method.GET, null, body -> answer.get());
  }

  /** One to be sent something of a media type. */
  public static WebPage post(String consumes, Function<Buffer, Future<WebAnswer>> answer) {
    return new WebPage(Method.POST, consumes, answer);
  }
}
