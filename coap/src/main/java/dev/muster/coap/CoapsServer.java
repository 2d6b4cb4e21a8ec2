/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.coap;

import static java.util.Objects.requireNonNull;

import dev.muster.dtls.OrderlyConnector;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import org.eclipse.californium.core.coap.BlockOption;
import org.eclipse.californium.core.coap.CoAP.Code;
import org.eclipse.californium.core.coap.CoAP.ResponseCode;
import org.eclipse.californium.core.coap.Request;
import org.eclipse.californium.core.coap.Response;
import org.eclipse.californium.core.network.CoapEndpoint;
import org.eclipse.californium.core.network.Exchange;
import org.eclipse.californium.core.network.InMemoryMessageExchangeStore;
import org.eclipse.californium.core.network.serialization.UdpDataSerializer;
import org.eclipse.californium.core.server.MessageDeliverer;
import org.eclipse.californium.elements.config.Configuration;
import org.eclipse.californium.elements.util.DaemonThreadFactory;
import org.eclipse.californium.elements.util.ExecutorsUtil;
import org.eclipse.californium.elements.util.Filter;
import org.eclipse.californium.scandium.config.DtlsConfig;
import org.eclipse.californium.scandium.config.DtlsConnectorConfig;
import org.eclipse.californium.scandium.dtls.Connection;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Serves CoAP over DTLS 1.2 to clients that show a certificate and have its key. Who may do what is
 * for the service to judge, with each request.
 *
 * <p>Thread-safe. Starting and closing block shortly.
 */
public final class CoapsServer implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(CoapsServer.class);

  private static final long CLOSE_MS = 1_000;
  private static final long FLUSH_MS = 2_000;
  private static final Duration RESTART = Duration.ofSeconds(10);
  /** Messages that are remembered, for each session that there may be. */
  private static final int MESSAGES_PER_SESSION = 2;

  /**
   * What is served where.
   *
   * @param name that meters begin with
   * @param maxBody the longest of requests, in bytes
   */
  public record Offer(String name, int maxBody, CoapsService service) {
    public Offer {
      requireNonNull(name, "name");
      requireNonNull(service, "service");
    }
  }

  private final CoapsService service;
  private final ServerIdentity identity;
  private final OpenExchanges open = new OpenExchanges();
  private final Observations observations;
  private final SessionShares sessions;
  private final ScheduledExecutorService protocol;
  private final ScheduledExecutorService timer;
  private final OrderlyConnector connector;
  private final CoapEndpoint endpoint;

  /**
   * @param key belongs to the first of {@code chain}, and is shown to clients with it
   * @throws IOException if nothing can be listened on there
   */
  public CoapsServer(
      CoapsConfig config,
      Offer offer,
      PrivateKey key,
      List<X509Certificate> chain,
      MeterRegistry meters)
      throws IOException {
    this(
        config,
        offer,
        key,
        chain,
        meters,
        CoapsSettings.of(config, offer.maxBody()),
        System::nanoTime);
  }

  /** For tests: with other settings than those of the field, and another clock for its limits. */
  CoapsServer(
      CoapsConfig config,
      Offer offer,
      PrivateKey key,
      List<X509Certificate> chain,
      MeterRegistry meters,
      Configuration settings,
      LongSupplier nanoTime)
      throws IOException {
    service = offer.service();
    identity = new ServerIdentity(key, chain);
    protocol =
        ExecutorsUtil.newScheduledThreadPool(CoapsSettings.THREADS, threads(offer.name() + "#"));
    timer = ExecutorsUtil.newScheduledThreadPool(1, threads(offer.name() + "-timer#"));
    observations = new Observations(settings, offer.name(), meters);
    CoapsConfig.Limits limits = config.limits();
    sessions = new SessionShares(
        limits.sessions(),
        settings.get(DtlsConfig.DTLS_STALE_CONNECTION_THRESHOLD, TimeUnit.NANOSECONDS),
        observations::endAllOf,
        this::forget,
        offer.name(),
        meters);
    connector = OrderlyConnector.of(new DtlsConnectorConfig.Builder(settings)
        .setAddress(new InetSocketAddress(config.host(), config.port()))
        .setCertificateIdentityProvider(identity)
        .setAdvancedCertificateVerifier(new PossessionOnlyVerifier())
        .setConnectionListener(sessions)
        .setSessionListener(new HandshakeGate(
            limits.handshakes(),
            new HandshakeRate(
                limits.handshakesPerSecond(), limits.handshakesOfAddressPerSecond(), nanoTime),
            sessions,
            offer.name(),
            meters))
        .build());
    Gauge.builder(offer.name() + ".connections", connector, OrderlyConnector::connections)
        .register(meters);
    endpoint = new CoapEndpoint.Builder()
        .setConfiguration(settings)
        .setConnector(connector)
        .setDataSerializerAndParser(new UdpDataSerializer(), new MessageParser())
        .setMessageExchangeStore(store(config, nanoTime))
        .setCoapStackFactory(new Layers(service, transfers(nanoTime), transfers(nanoTime)))
        .build();
    endpoint.setExecutors(protocol, timer);
    endpoint.setMessageDeliverer(new Deliverer());
    try {
      endpoint.start();
    } catch (IOException e) {
      close();
      throw e;
    }
  }

  private void forget(Connection connection) {
    connector.forget(connection);
  }

  private static DaemonThreadFactory threads(String name) {
    return new DaemonThreadFactory(name);
  }

  private static Transfers transfers(LongSupplier nanoTime) {
    return new Transfers(
        CoapsSettings.TRANSFERS,
        TimeUnit.SECONDS.toNanos(CoapsSettings.TRANSFER_SECONDS),
        nanoTime);
  }

  private static InMemoryMessageExchangeStore store(CoapsConfig config, LongSupplier nanoTime) {
    InMemoryMessageExchangeStore store =
        new InMemoryMessageExchangeStore(CoapsSettings.ofMessageIds(config));
    store.setDeduplicator(new RecentMessages(
        MESSAGES_PER_SESSION * config.limits().sessions(),
        TimeUnit.SECONDS.toNanos(CoapsSettings.EXCHANGE_SECONDS),
        nanoTime));
    return store;
  }

  /** The port it listens on. */
  public int port() {
    return endpoint.getAddress().getPort();
  }

  /** Shows another certificate from the next handshake on. */
  public void use(PrivateKey key, List<X509Certificate> chain) {
    identity.use(key, chain);
  }

  /**
   * Ends sessions for good, after a word to the other end. Blocks until all were asked about.
   *
   * @param over asked with the chain of each session's client, in turn
   */
  public void endSessions(Predicate<List<X509Certificate>> over) {
    Filter<Connection> end = connection -> {
      Principal client = connection.getEstablishedPeerIdentity();
      if (client != null && over.test(CoapsExchange.chainOf(client))) {
        InetSocketAddress peer = connection.getPeerAddress();
        if (peer != null) {
          connector.close(peer);
        }
        // What was told only would keep its place, for a resumption.
        connector.forget(connection);
      }
      return false;
    };
    try {
      connector.startForEach(end).get(CLOSE_MS, TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (ExecutionException | TimeoutException e) {
      LOG.debug("Not all sessions were asked about", e);
    }
  }

  /** Takes no more requests, and sends the answers that come within a second. */
  @Override
  public void close() {
    try {
      open.close(CLOSE_MS);
      flush();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    endpoint.destroy();
    ExecutorsUtil.shutdownExecutorGracefully(CLOSE_MS, protocol, timer);
  }

  /** Each session does one thing after the other: what was to be sent before this has been. */
  private void flush() throws InterruptedException {
    if (!endpoint.isStarted()) {
      return;
    }
    try {
      protocol.shutdown();
      protocol.awaitTermination(FLUSH_MS, TimeUnit.MILLISECONDS);
      Filter<Connection> visit = connection -> false;
      connector.startForEach(visit).get(FLUSH_MS, TimeUnit.MILLISECONDS);
    } catch (ExecutionException | TimeoutException e) {
      LOG.debug("Not all answers were sent", e);
    }
  }

  private final class Deliverer implements MessageDeliverer {
    @Override
    public void deliverRequest(Exchange exchange) {
      observations.seen(exchange.getRequest());
      if (open.begin()) {
        CoapsExchange ours =
            new CoapsExchange(exchange, observations, sessions::known, timer, open::end);
        if (isRestOfALostAnswer(exchange.getRequest())) {
          ours.answer(Diagnostics.of(
              ResponseCode.REQUEST_ENTITY_INCOMPLETE, "Block2: the answer is gone, begin again"));
        } else {
          service.serve(ours);
        }
      } else {
        exchange.sendResponse(
            Diagnostics.later(ResponseCode.SERVICE_UNAVAILABLE, RESTART, "closing"));
      }
    }

    /** A block of an answer that is kept no more; to do it all again for that would be wrong. */
    private static boolean isRestOfALostAnswer(Request request) {
      BlockOption block = request.getOptions().getBlock2();
      return request.getCode() != Code.GET && block != null && block.getNum() > 0;
    }

    /** We send no requests. */
    @Override
    public void deliverResponse(Exchange exchange, Response response) {
      LOG.debug("Response dropped from={}", response.getSourceContext());
    }
  }
}
