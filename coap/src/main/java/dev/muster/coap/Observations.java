/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.coap;

import static java.util.Objects.requireNonNull;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.eclipse.californium.core.coap.CoAP.Type;
import org.eclipse.californium.core.coap.Request;
import org.eclipse.californium.core.network.Exchange;
import org.eclipse.californium.core.observe.ObserveManager;
import org.eclipse.californium.core.observe.ObserveRelation;
import org.eclipse.californium.core.server.resources.ObservableResource;
import org.eclipse.californium.elements.DtlsEndpointContext;
import org.eclipse.californium.elements.EndpointContext;
import org.eclipse.californium.elements.config.Configuration;
import org.eclipse.californium.elements.util.Bytes;
import org.jspecify.annotations.Nullable;

/**
 * Who observes what: of each session one of each path, and not more than a number of all.
 *
 * <p>Thread-safe.
 */
final class Observations {
  /** The values of the option have three bytes (RFC 7641, 3.4). */
  private static final int NUMBERS = 0xffffff;

  private final ObserveManager manager;
  /** One for all: so that it grows for each client, also when it has begun anew. */
  private final AtomicInteger number = new AtomicInteger();

  /** By the id of the session, and the path. */
  private final Map<Bytes, Map<String, Exchange>> underWay = new HashMap<>();

  /** Where a session is that has moved with its connection id (RFC 9146), by its id. */
  private final Map<Bytes, EndpointContext> places = new HashMap<>();

  private final Counter withoutRoom;

  /** @param name that meters begin with */
  Observations(Configuration settings, String name, MeterRegistry meters) {
    manager = new ObserveManager(settings);
    withoutRoom = meters.counter(name + ".observations.refused");
  }

  /**
   * Has what is sent as the response to a request be the first notification of an observation, if
   * it is a success. To be called where the exchange executes.
   */
  void begin(Exchange exchange, Watch watch) {
    manager.addObserveRelation(exchange, new Watched(exchange.getRequest(), watch));
    if (exchange.getRelation() == null) {
      withoutRoom.increment();
    }
  }

  /** What a client observes is told where its last request has come from. */
  synchronized void seen(Request request) {
    Bytes session = session(request);
    if (underWay.containsKey(session)) {
      places.put(session, request.getSourceContext());
    }
  }

  private synchronized @Nullable EndpointContext placeOf(Bytes session) {
    return places.get(session);
  }

  private static Bytes session(Request request) {
    return requireNonNull(
        request.getSourceContext().get(DtlsEndpointContext.KEY_SESSION_ID), "session");
  }

  /** By a request of the client. */
  void end(Exchange exchange) {
    manager.cancelObserveRelation(exchange);
  }

  /** Its session has ended, or another has taken its place. */
  void endAllOf(Bytes session) {
    allOf(session).forEach(Observations::cancel);
  }

  private synchronized List<Exchange> allOf(Bytes session) {
    return List.copyOf(underWay.getOrDefault(session, Map.of()).values());
  }

  private static void cancel(Exchange exchange) {
    exchange.execute(() -> exchange.getRelation().cancel());
  }

  private synchronized @Nullable Exchange put(Bytes session, String path, Exchange exchange) {
    return underWay.computeIfAbsent(session, first -> new HashMap<>(2)).put(path, exchange);
  }

  private synchronized void remove(Bytes session, String path, Exchange exchange) {
    underWay.computeIfPresent(session, (same, theirs) -> {
      theirs.remove(path, exchange);
      return theirs.isEmpty() ? null : theirs;
    });
    if (!underWay.containsKey(session)) {
      places.remove(session);
    }
  }

  private final class Watched implements ObservableResource {
    private final Bytes session;
    private final String path;
    private final Watch watch;
    private final AtomicBoolean over = new AtomicBoolean();

    Watched(Request request, Watch watch) {
      this.session = session(request);
      this.path = request.getOptions().getUriPathString();
      this.watch = watch;
    }

    @Override
    public String getURI() {
      return "/" + path;
    }

    @Override
    public Type getObserveType() {
      return Type.CON;
    }

    @Override
    public int getNotificationSequenceNumber() {
      return number.incrementAndGet() & NUMBERS;
    }

    @Override
    public boolean isObservable() {
      return true;
    }

    @Override
    public void addObserveRelation(ObserveRelation relation) {
      Exchange before = put(session, path, relation.getExchange());
      if (before != null) {
        cancel(before);
      }
      watch.begun(new Observation(relation.getExchange(), () -> placeOf(session)));
    }

    @Override
    public void removeObserveRelation(ObserveRelation relation) {
      remove(session, path, relation.getExchange());
      // It may have been ended while it was to begin, and is ended twice then.
      if (over.compareAndSet(false, true)) {
        watch.over();
      }
    }

    @Override
    public int getObserverCount() {
      return manager.getNumberOfObserverRelations();
    }
  }
}
