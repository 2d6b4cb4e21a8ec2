/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.coap;

import dev.muster.device.internal.json.Json;
import java.util.Optional;
import org.eclipse.californium.core.coap.Request;
import org.eclipse.californium.core.coap.Response;
import org.eclipse.californium.core.coap.Token;
import org.eclipse.californium.core.observe.ObserveNotificationOrderer;
import org.jspecify.annotations.Nullable;

/** Something of the broker's that is observed (RFC 7641). Not thread-safe. */
final class Watched {
  private static final String COMMANDS = "/commands/+";
  private static final String DESIRED = "/twin/desired";

  private final String path;
  private final String filter;
  private final Token token;
  private ObserveNotificationOrderer order = new ObserveNotificationOrderer();
  private byte @Nullable [] tag;
  private boolean refused;

  private Watched(String path, String filter, Token token) {
    this.path = path;
    this.filter = filter;
    this.token = token;
  }

  /** @param filter as it would be subscribed over MQTT @return empty if there is no such place */
  static Optional<Watched> of(String filter, Token token) {
    if (filter.endsWith(COMMANDS)) {
      return Optional.of(new Watched("c", filter, token));
    }
    return filter.endsWith(DESIRED)
        ? Optional.of(new Watched("twin", filter, token))
        : Optional.empty();
  }

  String filter() {
    return filter;
  }

  Token token() {
    return token;
  }

  /** Begins or renews it; what is known already is not sent again. */
  Request request() {
    Request request = Request.newGet();
    request.setToken(token);
    request.setObserve();
    request.getOptions().setUriPath(path);
    if (tag != null) {
      request.getOptions().addETag(tag);
    }
    // By whatever is sent next: numbers are compared within one observation (RFC 7641, 3.4).
    order = new ObserveNotificationOrderer();
    return request;
  }

  /** Tells of a refusal, if the last answer was none. */
  void refused(Runnable tell) {
    if (!refused) {
      refused = true;
      tell.run();
    }
  }

  /** Whether it says something that is not known yet. */
  boolean isNews(Response response) {
    refused = false;
    if (!order.isNew(response)) {
      return false;
    }
    byte[] now = response.getOptions().getETags().stream().findFirst().orElse(null);
    boolean same = java.util.Arrays.equals(now, tag);
    tag = now;
    return !same && response.getPayloadSize() > 0;
  }

  /**
   * Where the same would come over MQTT. @throws IllegalArgumentException if it is not understood
   */
  String topicOf(Response response) {
    if (!filter.endsWith(COMMANDS)) {
      return filter;
    }
    Object id = Json.parseObject(response.getPayload()).get("id");
    if (!(id instanceof String text)) {
      throw new IllegalArgumentException("id: missing (expected: a text)");
    }
    return filter.substring(0, filter.length() - 1) + text;
  }
}
