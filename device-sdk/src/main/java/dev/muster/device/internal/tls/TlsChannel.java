/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.internal.tls;

import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLEngineResult.Status;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/**
 * TLS over a channel. {@link #connect} waits, for as long as nobody cuts it; from then on nothing
 * does, and all is called by one thread.
 */
public final class TlsChannel {
  private static final int LEAST_BYTES = 2 * 1024;

  /** What a burst has taken beyond this is given back. */
  private static final int KEPT_BYTES = 32 * 1024;

  private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

  private final String host;
  private final int port;
  private final SSLEngine engine;

  /** From the socket, not decrypted yet. */
  private final ByteBuffer encrypted;

  /** Decrypted, not taken yet. */
  private ByteBuffer received = ByteBuffer.allocate(LEAST_BYTES);

  /** For the socket: one record at most, so that there is room for the next. To be read from. */
  private final ByteBuffer outgoing;

  private boolean ended;
  private long sent;
  private @Nullable SocketChannel channel; // Guarded by this.
  private boolean cut; // Guarded by this.

  /** @param host a name, or an address, of IPv6 in brackets */
  public TlsChannel(String host, int port, TlsIdentity identity) {
    this.host = host.startsWith("[") ? host.substring(1, host.length() - 1) : host;
    this.port = port;
    this.engine = identity.engine(this.host, port);
    int recordBytes = engine.getSession().getPacketBufferSize();
    this.encrypted = ByteBuffer.allocate(recordBytes);
    this.outgoing = ByteBuffer.allocate(recordBytes).flip();
  }

  /**
   * Finds the host, connects, and makes TLS.
   *
   * @param limit for TCP: an address that does not answer leaves the next ones their share of it
   */
  public void connect(Duration limit) throws IOException {
    SocketChannel opened = open(limit);
    try {
      handshake(opened);
    } catch (SSLException e) {
      tellWhy(opened);
      throw e;
    }
    opened.configureBlocking(false);
  }

  private SocketChannel open(Duration limit) throws IOException {
    checkNotCut();
    IOException failure = null;
    InetAddress[] addresses = InetAddress.getAllByName(host);
    int millis = (int) shareOf(limit, addresses.length).toMillis();
    for (InetAddress address : addresses) {
      SocketChannel opened = SocketChannel.open();
      use(opened);
      try {
        opened.socket().connect(new InetSocketAddress(address, port), millis);
        opened.socket().setTcpNoDelay(true);
        return opened;
      } catch (IOException | RuntimeException e) { // Such as of a family that the machine has not.
        opened.close();
        failure = failure == null ? asIo(e) : failure;
      }
    }
    throw failure == null ? new IOException("no address: " + host) : failure;
  }

  private static IOException asIo(Exception e) {
    return e instanceof IOException io ? io : new IOException(e);
  }

  /** With several, one is for the handshake. */
  static Duration shareOf(Duration limit, int addresses) {
    return addresses < 2 ? limit : limit.dividedBy(addresses + 1L);
  }

  private synchronized void use(SocketChannel opened) throws IOException {
    channel = opened;
    if (cut) {
      opened.close();
    }
    checkNotCut();
  }

  private synchronized void checkNotCut() throws IOException {
    if (cut) {
      throw new IOException("ended by this device");
    }
  }

  /** Ends it at once, whatever waits for it; may be called by any thread, often. */
  public synchronized void cut() {
    cut = true;
    if (channel != null) {
      try {
        channel.close();
      } catch (IOException e) {
        // It is gone, which is what was wanted.
      }
    }
  }

  private void handshake(SocketChannel opened) throws IOException {
    engine.beginHandshake();
    HandshakeStatus status = engine.getHandshakeStatus();
    while (status != HandshakeStatus.FINISHED && status != HandshakeStatus.NOT_HANDSHAKING) {
      status = switch (status) {
        case NEED_WRAP -> wrapAndSend(opened);
        case NEED_TASK -> runTasks();
        default -> readAndUnwrap(opened);
      };
    }
  }

  private HandshakeStatus wrapAndSend(SocketChannel opened) throws IOException {
    HandshakeStatus status = wrap(NOTHING).getHandshakeStatus();
    while (outgoing.hasRemaining()) {
      opened.write(outgoing);
    }
    return status;
  }

  private HandshakeStatus readAndUnwrap(SocketChannel opened) throws IOException {
    SSLEngineResult result = unwrap();
    if (result.getStatus() == Status.BUFFER_UNDERFLOW && read(opened) < 0) {
      throw new EOFException("the server hung up in the handshake");
    }
    if (result.getStatus() == Status.CLOSED) {
      throw new EOFException("the server ended TLS in the handshake");
    }
    return result.getHandshakeStatus();
  }

  private HandshakeStatus runTasks() {
    for (Runnable task = engine.getDelegatedTask();
        task != null;
        task = engine.getDelegatedTask()) {
      task.run();
    }
    return engine.getHandshakeStatus();
  }

  /**
   * After the handshake: TLS 1.3 may have something to do for a message of the server (RFC 8446,
   * 4.6). In TLS 1.2 that can only be another handshake (RFC 5246, 7.4.1.1): the server could show
   * another certificate in it, and have this thread do its sums as often as it likes.
   */
  private void runLateTasks() throws SSLException {
    if (!engine.getSession().getProtocol().equals("TLSv1.3")) {
      throw new SSLException("the server wants to renegotiate, which this device does not");
    }
    runTasks();
  }

  /** The server deserves the alert that it is not trusted; but nobody waits for that. */
  private void tellWhy(SocketChannel opened) {
    try {
      wrap(NOTHING);
      opened.write(outgoing);
    } catch (IOException e) {
      // The first failure is the one to tell.
    }
  }

  /** What to watch; after {@link #connect}. */
  public synchronized SocketChannel channel() {
    if (channel == null) {
      throw new IllegalStateException("not connected");
    }
    return channel;
  }

  /**
   * Reads once what the socket has; {@link #decrypt} comes next.
   *
   * @return how many bytes; -1 at the end
   */
  public int fill() throws IOException {
    return read(channel());
  }

  /** Without room nothing would be read, time and again. */
  private int read(SocketChannel from) throws IOException {
    if (!encrypted.hasRemaining() && !wantsToWrite()) {
      throw new SSLException("a record larger than TLS has");
    }
    return from.read(encrypted);
  }

  /**
   * Decrypts what was read.
   *
   * @return why that does not go on, as an alert of the server; null if it does. What came before
   *     is there nevertheless.
   */
  public @Nullable SSLException decrypt() {
    try {
      boolean goesOn = true;
      while (goesOn && encrypted.position() > 0) {
        SSLEngineResult result = unwrap();
        boolean hasTask = result.getHandshakeStatus() == HandshakeStatus.NEED_TASK;
        if (hasTask) {
          runLateTasks();
        }
        ended = result.getStatus() == Status.CLOSED;
        goesOn = result.getStatus() == Status.OK && (hasTask || result.bytesConsumed() > 0);
      }
      return null;
    } catch (SSLException e) {
      return e;
    }
  }

  /** Whether {@link #decrypt} met the end that the server put; nothing after it is read. */
  public boolean isEnded() {
    return ended;
  }

  private SSLEngineResult unwrap() throws SSLException {
    SSLEngineResult result = engine.unwrap(encrypted.flip(), received);
    encrypted.compact();
    while (result.getStatus() == Status.BUFFER_OVERFLOW) {
      received = ByteBuffer.allocate(2 * received.capacity()).put(received.flip());
      result = engine.unwrap(encrypted.flip(), received);
      encrypted.compact();
    }
    return result;
  }

  /** What was decrypted, to be read from; the reader calls {@link #taken}. */
  public ByteBuffer received() {
    return received.flip();
  }

  /** What was read of {@link #received} goes. */
  public void taken() {
    if (!received.hasRemaining() && received.capacity() > KEPT_BYTES) {
      received = ByteBuffer.allocate(LEAST_BYTES);
    } else {
      received.compact();
    }
  }

  /** Whether TLS has something to say of its own accord: then write, be it nothing. */
  public boolean wantsToWrite() {
    return engine.getHandshakeStatus() == HandshakeStatus.NEED_WRAP;
  }

  /**
   * Encrypts as much of {@code plain} as the socket takes, of what was left first.
   *
   * @return whether that was all
   */
  public boolean write(ByteBuffer plain) throws IOException {
    SocketChannel to = channel();
    while (true) {
      sent += outgoing.hasRemaining() ? to.write(outgoing) : 0;
      if (outgoing.hasRemaining()) {
        return false;
      }
      if (!plain.hasRemaining() && !wantsToWrite()) {
        return true;
      }
      SSLEngineResult result = wrap(plain);
      if (result.getStatus() == Status.CLOSED) {
        throw new EOFException("the server has ended TLS");
      }
      if (result.getHandshakeStatus() == HandshakeStatus.NEED_TASK) {
        runLateTasks();
      }
    }
  }

  /** How many bytes the socket has taken of {@link #write}. */
  public long sent() {
    return sent;
  }

  private SSLEngineResult wrap(ByteBuffer plain) throws SSLException {
    outgoing.clear();
    try {
      SSLEngineResult result = engine.wrap(plain, outgoing);
      if (result.getStatus() == Status.BUFFER_OVERFLOW) {
        throw new SSLException("a record larger than TLS has"); // It would be tried for ever.
      }
      return result;
    } finally {
      outgoing.flip();
    }
  }

  /** Says goodbye, and writes nothing more; the server's answer is the end of what is to read. */
  public void finish() throws IOException {
    engine.closeOutbound();
    wrap(NOTHING);
    SocketChannel to = channel();
    to.write(outgoing);
    to.shutdownOutput();
  }
}
