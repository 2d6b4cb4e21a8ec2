/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.operator;

import dev.muster.enrollment.inventory.Answers;
import dev.muster.enrollment.inventory.Answers.Answer;
import dev.muster.enrollment.inventory.Registry;
import dev.muster.protocol.once.OnceKey;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.RoutingContext;
import io.vertx.ext.web.handler.HttpException;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Makes something once, however often it is asked for with one {@code Idempotency-Key}: for a day,
 * the same request is answered in the same words.
 */
final class Once {
  static final Duration KEPT = Duration.ofDays(1);

  private final @Nullable OnceKey key;
  private final byte[] body;

  private Once(@Nullable OnceKey key, byte[] body) {
    this.key = key;
    this.body = body;
  }

  static Once of(RoutingContext request) {
    @Nullable String header = request.request().getHeader(OnceKey.HEADER);
    if (header == null) {
      return new Once(null, new byte[0]);
    }
    // Another's key is another key: what an answer holds may be for the one who asked.
    String scope = Work.actor(request).name() + " " + request.request().method() + " "
        + request.normalizedPath();
    @Nullable Buffer body = request.body().buffer();
    return new Once(
        Work.checked(() -> OnceKey.of(header, scope)),
        body == null ? new byte[0] : body.getBytes());
  }

  /**
   * Within the transaction of what is made, so that there is both or neither.
   *
   * @param again done in place of {@code make}, if it was made before
   */
  JsonObject answer(
      Registry.Tables tables, Instant now, Supplier<JsonObject> make, Runnable again) {
    if (key == null) {
      return make.get();
    }
    Answers answers = tables.answers();
    answers.forget(now.minus(KEPT));
    Optional<Answer> before = answers.find(key.id(), now.minus(KEPT));
    if (before.isPresent()) {
      JsonObject same = same(key, before.get());
      again.run();
      return same;
    }
    JsonObject made = make.get();
    answers.insert(
        key.id(), new Answer(key.digest(body), key.seal(made.toBuffer().getBytes())), now);
    return made;
  }

  private JsonObject same(OnceKey same, Answer before) {
    if (!before.request().equals(same.digest(body))) {
      throw new HttpException(
          422, OnceKey.HEADER + ": of another request (expected: a new one for a new request)");
    }
    return new JsonObject(Buffer.buffer(same.open(before.sealed())));
  }
}
