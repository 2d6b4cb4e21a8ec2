/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A bad network between clients and a server that talk over UDP: datagrams are lost, come twice, or
 * come late and so after those that were sent after them. By default all is well.
 *
 * <p>Thread-safe. What befalls a datagram is drawn from a seed, in the order in which they come.
 */
public final class DatagramProxy implements AutoCloseable {
  private static final int MAX_DATAGRAM = 65_535;
  private static final int LATEST_MS = 60;

  /**
   * Of all datagrams, in both directions: how likely it is for one to be lost, else to come twice,
   * and to come late.
   */
  public record Faults(double lost, double twice, double late) {
    private static final Faults NONE = new Faults(0, 0, 0);
    private static final Faults SILENCE = new Faults(1, 0, 0);
  }

  /**
   * What has come, and what has become of it.
   *
   * @param longestAsked the most bytes in a datagram of a client
   * @param longestAnswered the same, of the server
   */
  public record Counts(
      long datagrams,
      long bytes,
      long lost,
      long twice,
      long late,
      long longestAsked,
      long longestAnswered) {
    /** Whether some were lost, some came twice, and some late. */
    public boolean hasAllFaults() {
      return lost > 0 && twice > 0 && late > 0;
    }
  }

  private final DatagramSocket listener;
  private final InetSocketAddress server;
  private final Map<SocketAddress, DatagramSocket> upstreams = new ConcurrentHashMap<>();
  private final ScheduledExecutorService delays = Executors.newSingleThreadScheduledExecutor();
  private final AtomicLong datagrams = new AtomicLong();
  private final AtomicLong bytes = new AtomicLong();
  private final AtomicLong lost = new AtomicLong();
  private final AtomicLong twice = new AtomicLong();
  private final AtomicLong late = new AtomicLong();
  private final AtomicLong longestAsked = new AtomicLong();
  private final AtomicLong longestAnswered = new AtomicLong();
  private final Random random;
  private volatile Faults faults = Faults.NONE;
  private volatile InetAddress outside;
  /** What clients have sent, to be sent again. */
  private final List<Runnable> asked = new CopyOnWriteArrayList<>();

  private DatagramProxy(DatagramSocket listener, InetSocketAddress server, long seed) {
    this.listener = listener;
    this.outside = listener.getLocalAddress();
    this.server = server;
    this.random = new Random(seed);
  }

  /** Listens on a free port of 127.0.0.1. @param port of a server there */
  public static DatagramProxy to(int port, long seed) {
    try {
      InetAddress here = InetAddress.getByName("127.0.0.1");
      DatagramProxy proxy =
          new DatagramProxy(new DatagramSocket(0, here), new InetSocketAddress(here, port), seed);
      start(proxy::listen);
      return proxy;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void start(Runnable task) {
    Thread thread = new Thread(task, "datagram-proxy");
    thread.setDaemon(true);
    thread.start();
  }

  public int port() {
    return listener.getLocalPort();
  }

  /** From now on. */
  public void faults(Faults newFaults) {
    faults = newFaults;
  }

  /** From now on, the server sees clients at another address, as behind a NAT that has changed. */
  public void moveTo(String address) throws IOException {
    outside = InetAddress.getByName(address);
    upstreams.values().forEach(DatagramSocket::close);
    upstreams.clear();
  }

  /** From now on nothing arrives, and nobody is told. */
  public void swallow() {
    faults = Faults.SILENCE;
  }

  /** All is well, from now on. */
  public void heal() {
    faults = Faults.NONE;
  }

  /** Sends the newest datagram of a client again, as an attacker would; it is not counted. */
  public void replay() {
    asked.get(asked.size() - 1).run();
  }

  /** As {@link #replay}, all that clients have sent since the beginning, in that order. */
  public void replayAll() {
    asked.forEach(Runnable::run);
  }

  public Counts counts() {
    return new Counts(
        datagrams.get(),
        bytes.get(),
        lost.get(),
        twice.get(),
        late.get(),
        longestAsked.get(),
        longestAnswered.get());
  }

  private void listen() {
    receive(listener, (data, from) -> {
      DatagramSocket upstream = upstreams.computeIfAbsent(from, this::open);
      asked.add(() -> send(upstream, data, server));
      pass(upstream, data, server);
    });
  }

  /** Each client has a port of its own, as behind a NAT. */
  private DatagramSocket open(SocketAddress client) {
    try {
      DatagramSocket upstream = new DatagramSocket(0, outside);
      start(() -> receive(upstream, (data, from) -> pass(listener, data, client)));
      return upstream;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private interface Receiver {
    void received(byte[] data, SocketAddress from);
  }

  private static void receive(DatagramSocket socket, Receiver receiver) {
    byte[] buffer = new byte[MAX_DATAGRAM];
    while (!socket.isClosed()) {
      DatagramPacket packet = new DatagramPacket(buffer, buffer.length);
      try {
        socket.receive(packet);
        receiver.received(
            Arrays.copyOf(packet.getData(), packet.getLength()), packet.getSocketAddress());
      } catch (IOException e) {
        // It is closed, or the other end was: a datagram more or less.
      }
    }
  }

  private void pass(DatagramSocket by, byte[] data, SocketAddress to) {
    Faults now = faults;
    datagrams.incrementAndGet();
    bytes.addAndGet(data.length);
    (by == listener ? longestAnswered : longestAsked).accumulateAndGet(data.length, Math::max);
    double fate = draw();
    if (fate < now.lost()) {
      lost.incrementAndGet();
      return;
    }
    carry(by, data, to, now);
    if (fate < now.lost() + now.twice()) {
      twice.incrementAndGet();
      carry(by, data, to, now);
    }
  }

  private void carry(DatagramSocket by, byte[] data, SocketAddress to, Faults now) {
    if (draw() >= now.late()) {
      send(by, data, to);
      return;
    }
    late.incrementAndGet();
    try {
      delays.schedule(
          () -> send(by, data, to), (long) (1 + draw() * LATEST_MS), TimeUnit.MILLISECONDS);
    } catch (RejectedExecutionException e) {
      // It is closed.
    }
  }

  private double draw() {
    synchronized (random) {
      return random.nextDouble();
    }
  }

  private static void send(DatagramSocket by, byte[] data, SocketAddress to) {
    try {
      by.send(new DatagramPacket(data, data.length, to));
    } catch (IOException e) {
      // As any other that is lost.
    }
  }

  @Override
  public void close() {
    delays.shutdownNow();
    listener.close();
    upstreams.values().forEach(DatagramSocket::close);
  }
}
