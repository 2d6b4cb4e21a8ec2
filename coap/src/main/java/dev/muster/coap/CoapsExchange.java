/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.coap;

import static java.util.Objects.requireNonNull;

import java.net.InetSocketAddress;
import java.security.Principal;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.eclipse.californium.core.coap.CoAP.Code;
import org.eclipse.californium.core.coap.Request;
import org.eclipse.californium.core.coap.Response;
import org.eclipse.californium.core.network.Exchange;
import org.eclipse.californium.elements.DtlsEndpointContext;
import org.eclipse.californium.elements.auth.X509CertPath;
import org.eclipse.californium.elements.util.Bytes;
import org.jspecify.annotations.Nullable;

/**
 * A request, and the way back to who sent it. An answer that takes long is preceded by an empty
 * acknowledgement (RFC 7252, 5.2.2).
 *
 * <p>Thread-safe.
 */
public final class CoapsExchange {
  /** Sooner than a client repeats itself, which is after two seconds (RFC 7252, 4.8). */
  private static final long PATIENCE_MS = 800;

  private final Exchange exchange;
  private final Observations observations;
  private final Consumer<Bytes> known;
  private final Runnable ended;
  private final ScheduledFuture<?> impatience;
  private final AtomicBoolean answered = new AtomicBoolean();

  /** @param known told the id of a session whose client the service knows */
  CoapsExchange(
      Exchange exchange,
      Observations observations,
      Consumer<Bytes> known,
      ScheduledExecutorService timer,
      Runnable ended) {
    this.exchange = exchange;
    this.observations = observations;
    this.known = known;
    this.ended = ended;
    this.impatience =
        timer.schedule(() -> exchange.sendAccept(), PATIENCE_MS, TimeUnit.MILLISECONDS);
  }

  /** With all of its body. */
  public Request request() {
    return exchange.getRequest();
  }

  /** The certificate whose key the client has proven to have, and those it sent with it. */
  public List<X509Certificate> chain() {
    return chainOf(request());
  }

  /** As {@link #chain}, of a request that has come, or of a block of it. */
  public static List<X509Certificate> chainOf(Request request) {
    return chainOf(request.getSourceContext().getPeerIdentity());
  }

  static List<X509Certificate> chainOf(@Nullable Principal peer) {
    return peer instanceof X509CertPath path
        ? path.getPath().getCertificates().stream()
            .map(X509Certificate.class::cast)
            .toList()
        : List.of();
  }

  /** Tells the client's sessions apart, also when one comes from another address. */
  public String session() {
    return requireNonNull(
            request().getSourceContext().get(DtlsEndpointContext.KEY_SESSION_ID), "session")
        .getAsString();
  }

  /**
   * The client is one that the service knows: when all sessions are in use, those make room first
   * of which this was never said.
   */
  public void known() {
    known.accept(requireNonNull(
        request().getSourceContext().get(DtlsEndpointContext.KEY_SESSION_ID), "session"));
  }

  /** Where the client is now. */
  public InetSocketAddress peer() {
    return request().getSourceContext().getPeerAddress();
  }

  /** Whether the client wants to be told of what changes, too (RFC 7641, 3.1). */
  public boolean wantsChanges() {
    return request().getCode() == Code.GET && request().isObserve();
  }

  /** Only the first answer is sent. */
  public void answer(Response response) {
    if (answered.compareAndSet(false, true)) {
      if (request().isObserveCancel()) {
        observations.end(exchange);
      }
      send(response);
    }
  }

  /**
   * As {@link #answer}, with a success, to a client that wants changes. Without room for an
   * observation, nothing but that is done, and the client sees by it that it has to ask again.
   */
  public void answerAndObserve(Response response, Watch watch) {
    if (answered.compareAndSet(false, true)) {
      exchange.execute(() -> {
        try {
          observations.begin(exchange, watch);
        } finally {
          send(response);
        }
      });
    }
  }

  /** It has ended when it was sent, not when that was ordered: closing waits for no more. */
  private void send(Response response) {
    impatience.cancel(false);
    exchange.execute(() -> {
      try {
        exchange.sendResponse(response);
      } finally {
        ended.run();
      }
    });
  }
}
