/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.testing;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Stands between a client and a server, and does to their TCP connections what networks do. Which
 * fault there is, the test says; without one, all bytes pass. Thread-safe; two threads for each
 * connection.
 */
public final class FaultProxy implements AutoCloseable {
  /** Small, so that a slow reader is felt by who writes to it. */
  private static final int BUFFER_BYTES = 16 * 1024;

  private static final int NO_LIMIT = Integer.MAX_VALUE;

  private enum Network {
    PASSES,
    /** Nothing arrives, nobody is told. */
    SWALLOWS,
    /** Whoever connects is thrown out. */
    REFUSES
  }

  private final ServerSocket listener;
  private final InetSocketAddress server;
  private final Set<Connection> connections = ConcurrentHashMap.newKeySet();
  private final AtomicInteger accepted = new AtomicInteger();
  private final AtomicLong bytes = new AtomicLong();

  // Guarded by this; who waits for one of them to change is notified.
  private Network network = Network.PASSES;
  private int bytesPerSecond = NO_LIMIT;
  private boolean closed;

  private FaultProxy(ServerSocket listener, InetSocketAddress server) {
    this.listener = listener;
    this.server = server;
  }

  /** Listens on a free port of 127.0.0.1. */
  public static FaultProxy to(int port) {
    return on(new InetSocketAddress("127.0.0.1", 0), port);
  }

  /** Listens where it is told, as on another address of the loopback network. */
  public static FaultProxy on(InetSocketAddress address, int port) {
    try {
      ServerSocket listener = new ServerSocket();
      listener.setReceiveBufferSize(BUFFER_BYTES);
      listener.bind(address);
      FaultProxy proxy =
          new FaultProxy(listener, new InetSocketAddress(InetAddress.getByName("127.0.0.1"), port));
      start("proxy", proxy::accept);
      return proxy;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void start(String name, Runnable task) {
    Thread thread = new Thread(task, name);
    thread.setDaemon(true);
    thread.start();
  }

  public int port() {
    return listener.getLocalPort();
  }

  /** How many connections there have been, those that were refused included. */
  public int accepted() {
    return accepted.get();
  }

  /** How many bytes have come, from both sides. */
  public long bytes() {
    return bytes.get();
  }

  /** All is well, from now on; what was held back arrives. */
  public synchronized void heal() {
    network = Network.PASSES;
    bytesPerSecond = NO_LIMIT;
    notifyAll();
  }

  /** Ends all connections as a router does that has lost its table: by a reset, on both sides. */
  public void reset() {
    connections.forEach(Connection::reset);
  }

  /** Resets all connections, and each new one. */
  public void refuse() {
    set(Network.REFUSES);
    reset();
  }

  /** From now on nothing arrives, on old connections and new ones, and nobody is told. */
  public void swallow() {
    set(Network.SWALLOWS);
  }

  /**
   * The server loses all connections that there are, and the client hears nothing of it: they stay
   * open on its side, and silent. New ones are not concerned.
   */
  public void halfOpen() {
    connections.forEach(Connection::loseServer);
  }

  /** The server reads so slowly what clients send, on each connection. */
  public synchronized void slow(int newBytesPerSecond) {
    bytesPerSecond = newBytesPerSecond;
    notifyAll();
  }

  private synchronized void set(Network next) {
    network = next;
    notifyAll();
  }

  private synchronized boolean isRefusing() {
    return network == Network.REFUSES;
  }

  private void accept() {
    try {
      while (true) {
        Socket client = listener.accept();
        accepted.incrementAndGet();
        if (isRefusing()) {
          close(client, true);
        } else {
          connect(client);
        }
      }
    } catch (IOException e) {
      close(); // By whom it is closed already, as a rule.
    }
  }

  private void connect(Socket client) throws IOException {
    Socket upstream = new Socket();
    try {
      upstream.setTcpNoDelay(true);
      client.setTcpNoDelay(true);
      upstream.connect(server);
    } catch (IOException e) {
      close(client, true); // As its server would refuse it.
      close(upstream, false);
      return;
    }
    Connection connection = new Connection(client, upstream);
    connections.add(connection);
    start("proxy-to-server", () -> connection.pump(client, upstream, true));
    start("proxy-to-client", () -> connection.pump(upstream, client, false));
  }

  /** Waits until bytes of a connection may pass. @return whether they ever may */
  private synchronized boolean awaitPassage(Connection connection) throws InterruptedException {
    while (!closed && (network == Network.SWALLOWS || connection.serverIsLost)) {
      wait();
    }
    return !closed;
  }

  /** Waits as long as so many bytes take. */
  private synchronized void pace(int bytes) throws InterruptedException {
    long begin = System.nanoTime();
    long left = left(bytes, begin);
    while (!closed && left > 0) {
      TimeUnit.NANOSECONDS.timedWait(this, left);
      left = left(bytes, begin); // By then it may be another pace.
    }
  }

  private long left(int bytes, long begin) {
    long whole = bytesPerSecond == NO_LIMIT ? 0 : TimeUnit.SECONDS.toNanos(bytes) / bytesPerSecond;
    return whole - (System.nanoTime() - begin);
  }

  private final class Connection {
    private final Socket client;
    private final Socket upstream;
    private boolean serverIsLost; // Guarded by the proxy.

    Connection(Socket client, Socket upstream) {
      this.client = client;
      this.upstream = upstream;
    }

    void pump(Socket from, Socket to, boolean paced) {
      byte[] buffer = new byte[BUFFER_BYTES];
      try {
        InputStream in = from.getInputStream();
        OutputStream out = to.getOutputStream();
        int length = 0;
        while (length >= 0 && awaitPassage(this)) {
          length = in.read(buffer);
          bytes.addAndGet(Math.max(0, length));
          if (length > 0 && awaitPassage(this)) {
            out.write(buffer, 0, length);
            if (paced) {
              pace(length);
            }
          }
        }
      } catch (IOException e) {
        // One side is gone; whether the other hears of it is a matter of the network.
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
      end();
    }

    /** One side has ended: so does the other, as soon as it can be told. */
    private void end() {
      try {
        awaitPassage(this);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
      connections.remove(this);
      close(client, false);
      close(upstream, false);
    }

    void reset() {
      close(client, true);
      close(upstream, true);
    }

    void loseServer() {
      synchronized (FaultProxy.this) {
        serverIsLost = true;
      }
      close(upstream, true);
    }
  }

  private static void close(Socket socket, boolean byReset) {
    try {
      if (byReset) {
        socket.setSoLinger(true, 0);
      }
      socket.close();
    } catch (IOException e) {
      // It is closed.
    }
  }

  @Override
  public void close() {
    synchronized (this) {
      closed = true;
      notifyAll();
    }
    try {
      listener.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    reset();
  }
}
