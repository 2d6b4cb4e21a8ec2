/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.coap;

import dev.muster.coap.CoapsExchange;
import dev.muster.coap.Watch;
import io.micrometer.core.instrument.MeterRegistry;
import org.eclipse.californium.core.coap.Response;

/** The way back to who sent a request; what is answered is counted. Thread-safe. */
final class Reply {
  private final CoapsExchange exchange;
  private final MeterRegistry meters;

  Reply(CoapsExchange exchange, MeterRegistry meters) {
    this.exchange = exchange;
    this.meters = meters;
  }

  /** The request, whole. */
  CoapsExchange exchange() {
    return exchange;
  }

  /** Only the first answer is sent. */
  void answer(Response response) {
    count(response);
    exchange.answer(response);
  }

  /** As {@link CoapsExchange#answerAndObserve}. */
  void answerAndObserve(Response response, Watch watch) {
    count(response);
    exchange.answerAndObserve(response, watch);
  }

  private void count(Response response) {
    meters
        .counter("muster.coap.requests", "code", response.getCode().toString())
        .increment();
  }
}
