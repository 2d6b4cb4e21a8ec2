/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.testing;

import dev.muster.dtls.OrderlyConnector;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import org.eclipse.californium.core.coap.Message;
import org.eclipse.californium.core.coap.Request;
import org.eclipse.californium.core.coap.Response;
import org.eclipse.californium.core.config.CoapConfig;
import org.eclipse.californium.core.network.CoapEndpoint;
import org.eclipse.californium.core.network.interceptors.MessageInterceptorAdapter;
import org.eclipse.californium.core.observe.NotificationListener;
import org.eclipse.californium.elements.config.Configuration;
import org.eclipse.californium.elements.config.SystemConfig;
import org.eclipse.californium.elements.config.UdpConfig;
import org.eclipse.californium.scandium.config.DtlsConfig;
import org.eclipse.californium.scandium.config.DtlsConfig.DtlsRole;
import org.eclipse.californium.scandium.config.DtlsConnectorConfig;
import org.eclipse.californium.scandium.dtls.CertificateType;
import org.eclipse.californium.scandium.dtls.DTLSContext;
import org.eclipse.californium.scandium.dtls.MaxFragmentLengthExtension.Length;
import org.eclipse.californium.scandium.dtls.x509.SingleCertificateProvider;
import org.eclipse.californium.scandium.dtls.x509.StaticNewAdvancedCertificateVerifier;
import org.jspecify.annotations.Nullable;

/** A client that speaks CoAP over DTLS, by Californium. */
public class CoapsClient implements AutoCloseable {
  private static final int PATIENCE_MS = 60_000;

  static {
    SystemConfig.register();
    UdpConfig.register();
    CoapConfig.register();
    DtlsConfig.register();
  }

  private final int port;
  private final OrderlyConnector connector;
  private final CoapEndpoint endpoint;

  /** @param identity null to show no certificate */
  public CoapsClient(int port, X509Certificate root, TestPki.@Nullable Credential identity) {
    this("127.0.0.1", port, root, identity, settings -> settings);
  }

  /**
   * @param from the address to send from
   * @param settings besides those of a client that is impatient and persistent, so that lost
   *     datagrams cost a test little time
   */
  public CoapsClient(
      String from,
      int port,
      X509Certificate root,
      TestPki.@Nullable Credential identity,
      UnaryOperator<Configuration> settings) {
    this.port = port;
    Configuration all = settings.apply(new Configuration()
        .set(CoapConfig.MAX_RESOURCE_BODY_SIZE, 100_000)
        .set(CoapConfig.ACK_TIMEOUT, 300, TimeUnit.MILLISECONDS)
        .set(CoapConfig.ACK_TIMEOUT_SCALE, 1f)
        .set(CoapConfig.MAX_RETRANSMIT, 30)
        .set(DtlsConfig.DTLS_ROLE, DtlsRole.CLIENT_ONLY)
        .set(DtlsConfig.DTLS_RETRANSMISSION_TIMEOUT, 300, TimeUnit.MILLISECONDS)
        .set(DtlsConfig.DTLS_RETRANSMISSION_TIMEOUT_SCALE, 1f)
        // Until the server has sent its flight for the last time, which is after 30 s.
        .set(DtlsConfig.DTLS_MAX_RETRANSMISSIONS, 120)
        .set(DtlsConfig.DTLS_USE_EARLY_STOP_RETRANSMISSION, false)
        // None for itself, but it takes the server's.
        .set(DtlsConfig.DTLS_CONNECTION_ID_LENGTH, 0)
        .set(DtlsConfig.DTLS_RECEIVER_THREAD_COUNT, 1)
        .set(DtlsConfig.DTLS_CONNECTOR_THREAD_COUNT, 1));
    DtlsConnectorConfig.Builder dtls = new DtlsConnectorConfig.Builder(all)
        .setAddress(new InetSocketAddress(from, 0))
        .setAdvancedCertificateVerifier(StaticNewAdvancedCertificateVerifier.builder()
            .setTrustedCertificates(root)
            .build());
    if (identity != null) {
      dtls.setCertificateIdentityProvider(new SingleCertificateProvider(
          identity.key(),
          identity.chain().toArray(X509Certificate[]::new),
          List.of(CertificateType.X_509)));
    }
    connector = OrderlyConnector.of(dtls.build());
    endpoint =
        new CoapEndpoint.Builder().setConfiguration(all).setConnector(connector).build();
    try {
      endpoint.start();
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  /** Settings of one whose datagrams have 300 bytes at most; so its handshake is in pieces. */
  public static Configuration inFragments(Configuration settings) {
    return settings
        .set(DtlsConfig.DTLS_USE_MULTI_RECORD_MESSAGES, false)
        .set(DtlsConfig.DTLS_MAX_TRANSMISSION_UNIT, 300)
        .set(DtlsConfig.DTLS_MAX_FRAGMENT_LENGTH, Length.BYTES_512)
        .set(CoapConfig.MAX_MESSAGE_SIZE, 128)
        .set(CoapConfig.PREFERRED_BLOCK_SIZE, 128);
  }

  /** The next request begins with an abbreviated handshake. */
  public void resume() {
    connector.forceResumeAllSessions();
  }

  /** Ends the session by the word that DTLS has for it. */
  public void goodbye() {
    connector.close(new InetSocketAddress("127.0.0.1", port));
  }

  /** Names the session, also after it was resumed. */
  public String session() {
    return connector
        .getSessionByAddress(new InetSocketAddress("127.0.0.1", port))
        .getSessionIdentifier()
        .toString();
  }

  /** Whether there is a session that neither end has ended. */
  public boolean hasSession() {
    DTLSContext context =
        connector.getDtlsContextByAddress(new InetSocketAddress("127.0.0.1", port));
    return context != null && !context.isMarkedAsClosed();
  }

  /** What goes out and comes in from now on, block by block; what is sent again is there again. */
  public List<Message> overhear() {
    List<Message> heard = new CopyOnWriteArrayList<>();
    endpoint.addInterceptor(new MessageInterceptorAdapter() {
      @Override
      public void sendRequest(Request request) {
        heard.add(request);
      }

      @Override
      public void receiveResponse(Response response) {
        heard.add(response);
      }
    });
    return heard;
  }

  public Response get(String path) {
    return send(Request.newGet(), path);
  }

  /** Sends, and does not wait for the response, which the request will have. */
  public Request begin(Request request, String path) {
    request.setURI("coaps://127.0.0.1:" + port + path);
    return request.send(endpoint);
  }

  public Response send(Request request, String path) {
    try {
      Response response = begin(request, path).waitForResponse(PATIENCE_MS);
      if (response == null) {
        throw new AssertionError(path + ": no answer, " + request.getSendError());
      }
      return response;
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  /** What is sent of something that changes. */
  public final class Observed {
    private final Request request;
    private final BlockingQueue<Response> notifications = new LinkedBlockingQueue<>();
    private final NotificationListener listener;
    private @Nullable Response first;

    private Observed(Request request) {
      this.request = request;
      this.listener = (of, response) -> {
        if (of.getToken().equals(request.getToken())) {
          notifications.add(response);
        }
      };
    }

    /** What has come next; the answer to the request is not among them. */
    public Response next() {
      try {
        Response next = notifications.poll(PATIENCE_MS, TimeUnit.MILLISECONDS);
        if (next == null) {
          throw new AssertionError("no notification");
        }
        return next;
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }

    /** What has come, and was not looked at. */
    public List<Response> left() {
      return List.copyOf(notifications);
    }

    /** Forgets it without a word: the next notification is answered with a reset. */
    public void forget() {
      endpoint.cancelObservation(request.getToken());
      endpoint.removeNotificationListener(listener);
    }

    /** Says that it wants no more. */
    public Response cancel() {
      Request last = Request.newGet();
      last.setToken(request.getToken());
      last.setObserveCancel();
      last.setURI(request.getURI());
      try {
        return last.send(endpoint).waitForResponse(PATIENCE_MS);
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }

    /** The answer to the request. */
    public Response first() {
      return Objects.requireNonNull(first);
    }
  }

  /** Asks for something, and to be told when it changes. */
  public Observed observe(String path) {
    Request request = Request.newGet();
    request.setObserve();
    Observed observed = new Observed(request);
    endpoint.addNotificationListener(observed.listener);
    observed.first = send(request, path);
    return observed;
  }

  @Override
  public final void close() {
    endpoint.destroy();
  }
}
