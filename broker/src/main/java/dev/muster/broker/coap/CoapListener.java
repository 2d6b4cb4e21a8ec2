/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.coap;

import dev.muster.broker.StartFailedException;
import dev.muster.coap.CoapsConfig;
import dev.muster.coap.CoapsServer;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.List;

/** Where devices come over CoAP. Thread-safe, but for {@link #look}. */
public final class CoapListener implements AutoCloseable {
  /** The longest body; telemetry of 256 values, the most in one message, has room. */
  static final int MAX_BODY = 16 * 1024;

  private final CoapRoutes routes;
  private final CoapsServer server;

  private CoapListener(CoapRoutes routes, CoapsServer server) {
    this.routes = routes;
    this.server = server;
  }

  /**
   * Starts to serve; blocks shortly.
   *
   * @param key belongs to the first of {@code chain}
   * @throws StartFailedException if nothing can be listened on there
   */
  public static CoapListener start(
      CoapsConfig config,
      CoapRoutes routes,
      PrivateKey key,
      List<X509Certificate> chain,
      MeterRegistry meters) {
    try {
      CoapsServer.Offer offer = new CoapsServer.Offer("muster.coap", MAX_BODY, routes);
      return new CoapListener(routes, new CoapsServer(config, offer, key, chain, meters));
    } catch (IOException e) {
      throw new StartFailedException(
          "CoAP port " + config.port() + " on " + config.host() + " cannot be used: "
              + e.getMessage() + " (choose another one in muster.yaml, or none)",
          e);
    }
  }

  /** The port of UDP that it listens on. */
  public int port() {
    return server.port();
  }

  /** Shows another certificate from the next handshake on. */
  public void use(PrivateKey key, List<X509Certificate> chain) {
    server.use(key, chain);
  }

  /**
   * Tells observers what they have lost, and ends sessions whose certificate was revoked or has
   * expired. Their next request would be refused in any case. Blocks shortly.
   */
  public void look() {
    routes.look();
    server.endSessions(routes::isOver);
  }

  @Override
  public void close() {
    server.close();
  }
}
