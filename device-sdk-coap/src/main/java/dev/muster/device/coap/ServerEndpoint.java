/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.coap;

import dev.muster.device.internal.tls.ServerName;
import dev.muster.dtls.OrderlyConnector;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import org.eclipse.californium.core.coap.Request;
import org.eclipse.californium.core.network.CoapEndpoint;
import org.eclipse.californium.core.observe.NotificationListener;
import org.eclipse.californium.elements.AddressEndpointContext;
import org.eclipse.californium.scandium.config.DtlsConnectorConfig;
import org.jspecify.annotations.Nullable;

/**
 * One end of a session with one server. Californium works on the one thread that it is given, and
 * has one of its own, which waits for datagrams.
 *
 * <p>Thread-safe.
 */
final class ServerEndpoint implements AutoCloseable {
  /** RFC 7252, 6.2. */
  private static final int DEFAULT_PORT = 5684;

  private final InetSocketAddress server;
  private final @Nullable String name;
  private final OrderlyConnector connector;
  private final CoapEndpoint endpoint;
  private final ExecutorService thread;

  private ServerEndpoint(
      InetSocketAddress server,
      @Nullable String name,
      OrderlyConnector connector,
      CoapEndpoint endpoint,
      ExecutorService thread) {
    this.server = server;
    this.name = name;
    this.connector = connector;
    this.endpoint = endpoint;
    this.thread = thread;
  }

  /** Where a server is. Blocks for as long as a network that swallows has it wait. */
  static InetSocketAddress resolve(URI uri) throws UnknownHostException {
    int port = uri.getPort();
    return new InetSocketAddress(
        InetAddress.getByName(ServerName.of(uri.getHost()).name()), port < 0 ? DEFAULT_PORT : port);
  }

  /**
   * Sends nothing yet.
   *
   * @param server as resolved
   * @param thread for all of CoAP and DTLS, timers included; it ends with what is opened
   * @throws IOException if there is no port or thread left for it; nothing is kept then
   */
  static ServerEndpoint open(
      URI uri, InetSocketAddress server, DtlsConnectorConfig dtls, ScheduledExecutorService thread)
      throws IOException {
    ServerName host = ServerName.of(uri.getHost());
    OrderlyConnector connector = OrderlyConnector.of(dtls);
    connector.setExecutor(thread);
    CoapEndpoint endpoint = new CoapEndpoint.Builder()
        .setConfiguration(dtls.getConfiguration())
        .setConnector(connector)
        .build();
    endpoint.setExecutors(thread, thread);
    try {
      endpoint.start();
    } catch (IOException | RuntimeException | Error e) {
      endpoint.destroy(); // Or else its threads would stay, with each attempt.
      thread.shutdown();
      throw e;
    }
    // An address is no name to ask for (RFC 6066, 3).
    String name = host.address() == null ? host.name() : null;
    return new ServerEndpoint(server, name, connector, endpoint, thread);
  }

  /** @param name of the thread, a daemon that begins with the first task */
  static ScheduledThreadPoolExecutor thread(String name) {
    ScheduledThreadPoolExecutor thread = new ScheduledThreadPoolExecutor(1, task -> {
      Thread made = new Thread(task, name);
      made.setDaemon(true);
      return made;
    });
    // Californium cancels the time limit of each exchange.
    thread.setRemoveOnCancelPolicy(true);
    // When it is over, what was left to do is not done any more.
    thread.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
    return thread;
  }

  void onNotification(NotificationListener listener) {
    endpoint.addNotificationListener(listener);
  }

  void send(Request request) {
    request.setDestinationContext(new AddressEndpointContext(server, name, null));
    endpoint.sendRequest(request);
  }

  /** What is sent next is preceded by a resumption of the session. */
  void resume() {
    connector.forceResumeSessionFor(server);
  }

  /** Tells the server that it need not keep the session. */
  void sayGoodbye() {
    connector.close(server);
  }

  @Override
  public void close() {
    endpoint.destroy();
    thread.shutdown();
  }
}
