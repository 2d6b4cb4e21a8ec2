/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.coap;

import org.eclipse.californium.core.network.ExtendedCoapStackFactory;
import org.eclipse.californium.core.network.Outbox;
import org.eclipse.californium.core.network.stack.BaseCoapStack;
import org.eclipse.californium.core.network.stack.CoapStack;
import org.eclipse.californium.core.network.stack.CongestionControlLayer;
import org.eclipse.californium.core.network.stack.ExchangeCleanupLayer;
import org.eclipse.californium.core.network.stack.Layer;
import org.eclipse.californium.core.network.stack.ObserveLayer;
import org.eclipse.californium.elements.EndpointContextMatcher;
import org.eclipse.californium.elements.config.Configuration;
import org.jspecify.annotations.Nullable;

/** Californium's layers for UDP, with {@link RequestGate} in the place of its blocks. */
@SuppressWarnings("deprecation") // The interface that is to be implemented extends an older one.
final class Layers implements ExtendedCoapStackFactory {
  private final CoapsService service;
  private final Transfers bodies;
  private final Transfers answers;

  /** @param bodies that come in blocks @param answers that go out in blocks */
  Layers(CoapsService service, Transfers bodies, Transfers answers) {
    this.service = service;
    this.bodies = bodies;
    this.answers = answers;
  }

  @Override
  public CoapStack createCoapStack(
      String protocol,
      String tag,
      Configuration settings,
      EndpointContextMatcher matcher,
      Outbox outbox,
      @Nullable Object argument) {
    return new Stack(
        outbox,
        new ExchangeCleanupLayer(settings),
        new ObserveLayer(settings),
        new RequestGate(tag, settings, matcher, service, bodies, answers),
        new BlockWatch(bodies, answers),
        CongestionControlLayer.newImplementation(tag, settings));
  }

  @Override
  public CoapStack createCoapStack(
      String protocol,
      String tag,
      Configuration settings,
      Outbox outbox,
      @Nullable Object argument) {
    throw new IllegalStateException("blocks need a matcher of sessions");
  }

  private static final class Stack extends BaseCoapStack {
    Stack(Outbox outbox, Layer... layers) {
      super(outbox);
      setLayers(layers);
    }
  }
}
