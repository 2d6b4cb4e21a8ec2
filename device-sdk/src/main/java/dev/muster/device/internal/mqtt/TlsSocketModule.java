/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.internal.mqtt;

import dev.muster.device.internal.tls.TlsIdentity;
import java.io.FilterInputStream;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.util.concurrent.CountDownLatch;
import javax.net.ssl.SSLSocket;
import org.eclipse.paho.mqttv5.client.internal.NetworkModule;
import org.jspecify.annotations.Nullable;

/**
 * The socket under Paho. In place of Paho's own, which neither turns Nagle's algorithm off, nor
 * takes IPv6 addresses, nor lets a close overtake a write that hangs.
 */
final class TlsSocketModule implements NetworkModule {
  private static final int DEFAULT_PORT = 8883;

  private final URI broker;
  private final TlsIdentity identity;
  private final int timeoutMs;

  /**
   * Reads wait until Paho has written. Under TLS 1.3 a broker's refusal of our certificate arrives
   * as the first thing to read; Paho's receiver would end on it while its starter still waits to
   * see it run, which that one then does for ever.
   */
  private final CountDownLatch firstWrite = new CountDownLatch(1);

  private @Nullable Socket raw;
  private @Nullable SSLSocket tls;
  private boolean cut;
  private @Nullable IOException firstFailure;

  TlsSocketModule(URI broker, TlsIdentity identity, int timeoutMs) {
    this.broker = broker;
    this.identity = identity;
    this.timeoutMs = timeoutMs;
  }

  @Override
  public void start() throws IOException {
    try {
      connect();
    } catch (IOException e) {
      throw remember(e);
    }
  }

  private void connect() throws IOException {
    String host = broker.getHost();
    String bare = host.startsWith("[") ? host.substring(1, host.length() - 1) : host;
    int port = broker.getPort() < 0 ? DEFAULT_PORT : broker.getPort();
    Socket socket = new AlertKeepingSocket();
    synchronized (this) {
      raw = socket;
      if (cut) {
        socket.close();
      }
    }
    socket.setTcpNoDelay(true);
    socket.connect(new InetSocketAddress(bare, port), timeoutMs);
    socket.setSoTimeout(timeoutMs);
    SSLSocket secured =
        (SSLSocket) identity.context().getSocketFactory().createSocket(socket, bare, port, true);
    TlsIdentity.harden(secured);
    secured.startHandshake();
    // From here on the keep-alive watches over the connection.
    socket.setSoTimeout(0);
    synchronized (this) {
      tls = secured;
    }
  }

  /** Ends the connection at once, whatever waits for it; may be called from any thread, often. */
  synchronized void cut() {
    cut = true;
    if (raw != null) {
      try {
        // Closing the TLS socket would wait for a write in progress; closing what is below it does
        // not.
        raw.close();
      } catch (IOException e) {
        remember(e);
      }
    }
  }

  /** Whether the handshake was over. */
  synchronized boolean isSecured() {
    return tls != null;
  }

  /** What went wrong first on this socket. */
  synchronized @Nullable IOException firstFailure() {
    return firstFailure;
  }

  @Override
  public InputStream getInputStream() throws IOException {
    return new GatedInput(secured().getInputStream());
  }

  @Override
  public OutputStream getOutputStream() throws IOException {
    return new OpeningOutput(secured().getOutputStream());
  }

  @Override
  public void stop() {
    cut();
  }

  @Override
  public String getServerURI() {
    // Only a label here: it has to pass Paho's check of addresses.
    return "ssl://broker:8883";
  }

  private synchronized SSLSocket secured() throws IOException {
    if (tls == null) {
      throw new IOException("not connected");
    }
    return tls;
  }

  private synchronized IOException remember(IOException failure) {
    if (firstFailure == null && !cut) {
      firstFailure = failure;
    }
    return failure;
  }

  private final class GatedInput extends FilterInputStream {
    GatedInput(InputStream in) {
      super(in);
    }

    @Override
    public int available() throws IOException {
      return firstWrite.getCount() > 0 ? 0 : in.available();
    }

    @Override
    public int read() throws IOException {
      awaitFirstWrite();
      try {
        return in.read();
      } catch (IOException e) {
        throw remember(e);
      }
    }

    @Override
    public int read(byte[] buffer, int offset, int length) throws IOException {
      awaitFirstWrite();
      try {
        return in.read(buffer, offset, length);
      } catch (IOException e) {
        throw remember(e);
      }
    }

    private void awaitFirstWrite() throws IOException {
      try {
        firstWrite.await();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IOException("interrupted", e);
      }
    }
  }

  private final class OpeningOutput extends FilterOutputStream {
    OpeningOutput(OutputStream out) {
      super(out);
    }

    @Override
    public void write(int octet) throws IOException {
      firstWrite.countDown();
      out.write(octet);
    }

    @Override
    public void write(byte[] buffer, int offset, int length) throws IOException {
      firstWrite.countDown();
      out.write(buffer, offset, length);
    }
  }
}
