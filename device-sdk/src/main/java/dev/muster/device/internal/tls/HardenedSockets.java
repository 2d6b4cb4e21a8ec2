/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.internal.tls;

import dev.muster.device.internal.log.DeviceLogger;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.SSLSocketFactory;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/**
 * Sockets that check the server's name by themselves, whatever the code above them forgets; and
 * that can be cut from outside. For one conversation.
 *
 * <p>They make TLS on top of a socket that is connected already: closing a TLS socket may wait for
 * who reads or writes, closing the one below it does not.
 */
public final class HardenedSockets extends SSLSocketFactory {
  private static final Logger LOG = DeviceLogger.of(HardenedSockets.class);

  private final SSLSocketFactory sockets;
  private @Nullable Socket raw;
  private boolean cut;

  public HardenedSockets(TlsIdentity identity) {
    this.sockets = identity.context().getSocketFactory();
  }

  /** Ends what goes on, and lets nothing more begin; does not block. */
  public synchronized void cut() {
    cut = true;
    if (raw != null) {
      closeQuietly(raw);
    }
  }

  /** Before anybody is connected to. */
  public synchronized void checkNotCut() throws IOException {
    if (cut) {
      throw new IOException("ended by this device");
    }
  }

  private static void closeQuietly(Socket socket) {
    try {
      socket.close();
    } catch (IOException e) {
      LOG.debug("Socket not closed", e);
    }
  }

  @Override
  public Socket createSocket(Socket socket, String host, int port, boolean autoClose)
      throws IOException {
    synchronized (this) {
      raw = socket;
      if (cut) {
        closeQuietly(socket);
      }
      checkNotCut();
    }
    socket.setTcpNoDelay(true);
    SSLSocket secured = (SSLSocket) sockets.createSocket(socket, host, port, autoClose);
    TlsIdentity.harden(secured);
    return new ListenerlessSocket(secured);
  }

  @Override
  public Socket createSocket(String host, int port) throws SocketException {
    throw notConnected();
  }

  @Override
  public Socket createSocket(String host, int port, InetAddress localHost, int localPort)
      throws SocketException {
    throw notConnected();
  }

  @Override
  public Socket createSocket(InetAddress host, int port) throws SocketException {
    throw notConnected();
  }

  @Override
  public Socket createSocket(InetAddress host, int port, InetAddress localHost, int localPort)
      throws SocketException {
    throw notConnected();
  }

  /**
   * {@code HttpsURLConnection} would connect so once more when TLS cannot be made on its
   * connection: without a limit of time, and out of reach of {@link #cut}.
   */
  private static SocketException notConnected() {
    return new SocketException("TLS is made on connected sockets only");
  }

  @Override
  public String[] getDefaultCipherSuites() {
    return sockets.getDefaultCipherSuites();
  }

  @Override
  public String[] getSupportedCipherSuites() {
    return sockets.getSupportedCipherSuites();
  }
}
