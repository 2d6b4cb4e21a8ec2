/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.coap;

import static java.util.Objects.requireNonNullElse;

import java.security.cert.X509Certificate;
import java.util.List;
import java.util.function.Supplier;
import org.eclipse.californium.core.coap.Response;
import org.eclipse.californium.core.network.Exchange;
import org.eclipse.californium.elements.EndpointContext;
import org.jspecify.annotations.Nullable;

/**
 * A client that is told of what changes (RFC 7641), until it wants that no more, has not
 * acknowledged it in time, has lost its session, or is told an error.
 *
 * <p>Thread-safe.
 */
public final class Observation {
  private final Exchange exchange;
  private final Supplier<@Nullable EndpointContext> place;

  /** @param place where the client was last, if it has said something since it began */
  Observation(Exchange exchange, Supplier<@Nullable EndpointContext> place) {
    this.exchange = exchange;
    this.place = place;
  }

  /** As in {@link CoapsExchange#chain}. */
  public List<X509Certificate> chain() {
    return CoapsExchange.chainOf(exchange.getRequest());
  }

  /**
   * Sends a notification, which the client is to confirm; while another is not confirmed, only the
   * newest of those that wait is kept. What is no success is the last that is sent.
   */
  public void tell(Response response) {
    exchange.execute(() -> {
      if (isOn()) {
        response.setDestinationContext(
            requireNonNullElse(place.get(), exchange.getRequest().getSourceContext()));
        exchange.sendResponse(response);
      }
    });
  }

  private boolean isOn() {
    return !exchange.getRelation().isCanceled();
  }

  /** Ends it without a word. */
  public void end() {
    exchange.execute(() -> exchange.getRelation().cancel());
  }
}
