/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.testing;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.SocketAddress;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Stands between one client and a server of DTLS, and can change the address that is seen outside.
 */
public final class UdpNat implements AutoCloseable {
  private static final int HANDSHAKE = 22;

  private final int serverPort;
  private final DatagramSocket inside = socket();
  private final AtomicInteger handshakeRecords = new AtomicInteger();
  private final AtomicInteger bytesAnswered = new AtomicInteger();
  /** What the client has said. */
  private final List<byte[]> said = new CopyOnWriteArrayList<>();

  private volatile DatagramSocket outside = socket();
  private volatile @Nullable SocketAddress client;

  public UdpNat(int serverPort) throws IOException {
    this.serverPort = serverPort;
    pump(inside, this::toServer);
    pump(outside, this::toClient);
  }

  public int port() {
    return inside.getLocalPort();
  }

  /** How many datagrams of the client began with a handshake record. */
  public int handshakeRecords() {
    return handshakeRecords.get();
  }

  /** From now on, the client has another address. */
  public void rebind() throws IOException {
    DatagramSocket before = outside;
    outside = socket();
    pump(outside, this::toClient);
    before.close();
  }

  /** As somebody would who can send from the client's address, and cannot read what comes. */
  public void inject(byte[] bytes) throws IOException {
    send(outside, bytes);
  }

  /** What the client has said so far. */
  public List<byte[]> said() {
    return List.copyOf(said);
  }

  /** How many bytes have come from the server. */
  public int bytesAnswered() {
    return bytesAnswered.get();
  }

  private static DatagramSocket socket() throws IOException {
    return new DatagramSocket(0, InetAddress.getLoopbackAddress());
  }

  private interface Forward {
    void accept(DatagramPacket packet) throws IOException;
  }

  private void toServer(DatagramPacket packet) throws IOException {
    client = packet.getSocketAddress();
    byte[] bytes = Arrays.copyOf(packet.getData(), packet.getLength());
    said.add(bytes);
    if (bytes.length > 0 && bytes[0] == HANDSHAKE) {
      handshakeRecords.incrementAndGet();
    }
    send(outside, bytes);
  }

  private void send(DatagramSocket by, byte[] bytes) throws IOException {
    by.send(new DatagramPacket(bytes, bytes.length, InetAddress.getLoopbackAddress(), serverPort));
  }

  private void toClient(DatagramPacket packet) throws IOException {
    bytesAnswered.addAndGet(packet.getLength());
    SocketAddress known = client;
    if (known != null) {
      inside.send(new DatagramPacket(packet.getData(), packet.getLength(), known));
    }
  }

  /** Until the socket is closed. */
  private void pump(DatagramSocket from, Forward forward) {
    Thread thread = new Thread(() -> {
      try {
        while (true) {
          DatagramPacket packet = new DatagramPacket(new byte[4096], 4096);
          from.receive(packet);
          forward.accept(packet);
        }
      } catch (IOException e) {
        // Closed.
      }
    });
    thread.setDaemon(true);
    thread.start();
  }

  @Override
  public void close() {
    inside.close();
    outside.close();
  }
}
