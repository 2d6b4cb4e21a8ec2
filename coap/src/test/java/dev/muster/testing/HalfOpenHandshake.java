/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.testing;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.concurrent.ThreadLocalRandom;

/** A client that shows that its address is its own, and falls silent in mid-handshake. */
public final class HalfOpenHandshake implements AutoCloseable {
  /** The server went on with the handshake. */
  public static final int BEGUN = 22;
  /** It sent an alert. */
  public static final int REFUSED = 21;

  private static final HexFormat HEX = HexFormat.of();
  /** AES-128-CCM-8; P-256; uncompressed points; ECDSA with SHA-256. */
  private static final byte[] AFTER_COOKIE = HEX.parseHex("0002c0ae" + "0100" + "0016"
      + "000a00040002" + "0017" + "000b00020100" + "000d00040002" + "0403");

  private static final byte SERVER_HELLO = 2;
  private static final int COOKIE_LENGTH_AT = 13 + 12 + 2;

  private final byte[] random = new byte[32];
  private final DatagramSocket socket;
  private final int port;

  public HalfOpenHandshake(String from, int port) throws IOException {
    this(from, 0, port);
  }

  /** @param fromPort 0 for a free one */
  public HalfOpenHandshake(String from, int fromPort, int port) throws IOException {
    socket = new DatagramSocket(fromPort, InetAddress.getByName(from));
    socket.setSoTimeout(60_000);
    ThreadLocalRandom.current().nextBytes(random);
    this.port = port;
  }

  /** @return {@link #BEGUN} or {@link #REFUSED}: the content type of the record that came back */
  public int begin() throws IOException {
    byte[] verify = exchange(clientHello(0, new byte[0]));
    int length = verify[COOKIE_LENGTH_AT] & 0xff;
    byte[] cookie = Arrays.copyOfRange(verify, COOKIE_LENGTH_AT + 1, COOKIE_LENGTH_AT + 1 + length);
    byte[] answer = exchange(clientHello(1, cookie));
    if (answer[0] == 22 && answer[13] != SERVER_HELLO) {
      throw new AssertionError("handshake message: " + answer[13] + " (expected: ServerHello)");
    }
    return answer[0];
  }

  /** What comes back for a first hello, and for nothing else. */
  public byte[] hello() throws IOException {
    return exchange(clientHello(0, new byte[0]));
  }

  public int localPort() {
    return socket.getLocalPort();
  }

  public byte[] clientHello(int sequence, byte[] cookie) {
    ByteArrayOutputStream body = new ByteArrayOutputStream();
    body.writeBytes(HEX.parseHex("fefd"));
    body.writeBytes(random);
    body.write(0);
    body.write(cookie.length);
    body.writeBytes(cookie);
    body.writeBytes(AFTER_COOKIE);
    int length = body.size();
    ByteBuffer record = ByteBuffer.allocate(13 + 12 + length);
    record.put((byte) 22).putShort((short) 0xfefd).putShort((short) 0);
    record.putShort((short) 0).putInt(sequence).putShort((short) (12 + length));
    record.put((byte) 1).put((byte) 0).putShort((short) length).putShort((short) sequence);
    record.put((byte) 0).putShort((short) 0).put((byte) 0).putShort((short) length);
    return record.put(body.toByteArray()).array();
  }

  private byte[] exchange(byte[] hello) throws IOException {
    send(hello);
    DatagramPacket answer = new DatagramPacket(new byte[4096], 4096);
    socket.receive(answer);
    return Arrays.copyOf(answer.getData(), answer.getLength());
  }

  public void send(byte[] bytes) throws IOException {
    socket.send(new DatagramPacket(bytes, bytes.length, InetAddress.getByName("127.0.0.1"), port));
  }

  /** How many bytes have come by now. */
  public int received() throws IOException {
    socket.setSoTimeout(1);
    int bytes = 0;
    try {
      while (true) {
        DatagramPacket packet = new DatagramPacket(new byte[4096], 4096);
        socket.receive(packet);
        bytes += packet.getLength();
      }
    } catch (SocketTimeoutException e) {
      return bytes;
    }
  }

  @Override
  public void close() {
    socket.close();
  }
}
