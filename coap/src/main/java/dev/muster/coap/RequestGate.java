/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.coap;

import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import org.eclipse.californium.core.coap.BlockOption;
import org.eclipse.californium.core.coap.CoAP.ResponseCode;
import org.eclipse.californium.core.coap.Option;
import org.eclipse.californium.core.coap.OptionSet;
import org.eclipse.californium.core.coap.Request;
import org.eclipse.californium.core.coap.Response;
import org.eclipse.californium.core.network.Exchange;
import org.eclipse.californium.core.network.stack.BlockwiseLayer;
import org.eclipse.californium.core.observe.ObserveRelation;
import org.eclipse.californium.elements.EndpointContextMatcher;
import org.eclipse.californium.elements.config.Configuration;

/**
 * Refuses what nothing is to be kept of, ahead of the layer that puts blocks together and keeps
 * them whatever they belong to.
 */
final class RequestGate extends BlockwiseLayer {
  private static final int PROXY_URI = 35;
  private static final int PROXY_SCHEME = 39;
  /** Uri-Host, Uri-Port, Uri-Path, Uri-Query, Accept, Block2, Block1. */
  private static final Set<Integer> UNDERSTOOD = Set.of(3, 7, 11, 15, 17, 23, 27);

  private static final Duration BUSY = Duration.ofSeconds(10);

  private final CoapsService service;
  private final Transfers bodies;
  private final Transfers answers;

  RequestGate(
      String tag,
      Configuration settings,
      EndpointContextMatcher matcher,
      CoapsService service,
      Transfers bodies,
      Transfers answers) {
    super(tag, false, settings, matcher);
    this.service = service;
    this.bodies = bodies;
    this.answers = answers;
  }

  @Override
  public void receiveRequest(Exchange exchange, Request request) {
    Optional<Response> refusal = refusedByOptions(request.getOptions());
    if (refusal.isEmpty() && request.getOptions().hasBlock1()) {
      refusal = refusedBlock(request);
    }
    if (refusal.isPresent()) {
      exchange.sendResponse(refusal.get());
    } else {
      super.receiveRequest(exchange, request);
    }
  }

  /** A word of why not fits one datagram; in blocks, it would take a place that others need. */
  @Override
  public void sendResponse(Exchange exchange, Response response) {
    Response sent = isTooMany(exchange.getRequest(), response)
        ? Diagnostics.later(
            ResponseCode.SERVICE_UNAVAILABLE, BUSY, "too many answers in blocks, try again later")
        : response;
    if (sent != response) {
      dropObservation(exchange, response);
    }
    if (sent.isError()) {
      exchange.getRequest().getOptions().removeBlock2();
    }
    super.sendResponse(exchange, sent);
  }

  /** The layers above would wait for ever for what is not sent; the client may begin again. */
  private static void dropObservation(Exchange exchange, Response instead) {
    instead.cancel();
    ObserveRelation relation = exchange.getRelation();
    if (relation != null) {
      relation.cancel();
    }
  }

  private boolean isTooMany(Request request, Response response) {
    BlockOption wanted = request.getOptions().getBlock2();
    int whole = wanted == null ? CoapsSettings.MAX_MESSAGE : wanted.getSize();
    return response.getPayloadSize() > whole
        && !response.isError()
        && !answers.isLeftFor(Transfers.keyOf(request));
  }

  /** Critical options of which Californium knows more than we do (RFC 7252, 5.4.1). */
  private static Optional<Response> refusedByOptions(OptionSet options) {
    for (Option option : options.asSortedList()) {
      int number = option.getNumber();
      if (number == PROXY_URI || number == PROXY_SCHEME) {
        return Optional.of(Diagnostics.of(ResponseCode.PROXY_NOT_SUPPORTED, "proxy: this is none"));
      }
      boolean critical = (number & 1) == 1;
      if (critical && !UNDERSTOOD.contains(number)) {
        return Optional.of(
            Diagnostics.of(ResponseCode.BAD_OPTION, "option: " + number + " (expected: absent)"));
      }
    }
    return Optional.empty();
  }

  private Optional<Response> refusedBlock(Request request) {
    OptionSet options = request.getOptions();
    if (!service.takesBlocks(request)) {
      // The service says why, for the first block as for a whole request.
      options.removeBlock1();
      return Optional.empty();
    }
    BlockOption block = options.getBlock1();
    Transfers.Key key = Transfers.keyOf(request);
    if (!block.isM()) {
      bodies.end(key);
    } else if (block.getNum() > 0) {
      bodies.goOn(key);
    } else if (!bodies.begin(key)) {
      return Optional.of(Diagnostics.later(
          ResponseCode.SERVICE_UNAVAILABLE, BUSY, "too many bodies in blocks, try again later"));
    }
    return Optional.empty();
  }
}
