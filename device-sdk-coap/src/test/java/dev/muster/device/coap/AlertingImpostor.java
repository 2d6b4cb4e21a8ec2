/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.coap;

import java.io.Closeable;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.util.HexFormat;

/**
 * Somebody on the way to a server, who answers a ClientHello with a fatal alert,
 * certificate_expired (RFC 5246, 7.2.2): fifteen octets in a record of epoch 0 that nobody has
 * signed (RFC 6347, 4.1).
 */
final class AlertingImpostor implements Closeable {
  private static final int LIMIT_MS = 60_000;
  private static final byte[] ALERT = HexFormat.of().parseHex("15fefd00000000000000000002022d");

  private final DatagramSocket socket;

  AlertingImpostor() throws IOException {
    socket = new DatagramSocket(0, InetAddress.getByName("127.0.0.1"));
    socket.setSoTimeout(LIMIT_MS);
  }

  int port() {
    return socket.getLocalPort();
  }

  /** Waits for the first word of a client, and answers it. */
  void answer() throws IOException {
    DatagramPacket hello = new DatagramPacket(new byte[2048], 2048);
    socket.receive(hello);
    socket.send(new DatagramPacket(ALERT, ALERT.length, hello.getSocketAddress()));
  }

  @Override
  public void close() {
    socket.close();
  }
}
