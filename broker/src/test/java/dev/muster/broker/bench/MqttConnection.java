/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.bench;

import java.io.EOFException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.Map;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;

/**
 * One MQTT client on one TLS connection, with as little around it as possible. It blocks until it
 * is connected; from then on whoever has it reads when there is something to read. For one thread.
 */
final class MqttConnection implements AutoCloseable {
  private static final int KEEP_ALIVE_SECONDS = 1_200;
  private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

  final String id;
  private final int version;
  private final SocketChannel channel;
  private final SSLEngine engine;
  private final ByteBuffer encrypted;
  private final ByteBuffer plain;
  private final ByteBuffer out;
  private int packetId;
  private boolean accepted;

  private MqttConnection(String id, int version, SocketChannel channel, SSLEngine engine) {
    this.id = id;
    this.version = version;
    this.channel = channel;
    this.engine = engine;
    int most = engine.getSession().getPacketBufferSize();
    this.encrypted = ByteBuffer.allocate(most);
    this.plain = ByteBuffer.allocate(most);
    this.out = ByteBuffer.allocate(most);
  }

  /** Connects, and waits for the CONNACK. @param version 4 is MQTT 3.1.1 */
  static MqttConnection open(SSLContext identity, int port, String id, int version)
      throws IOException {
    SocketChannel channel = SocketChannel.open(new InetSocketAddress("127.0.0.1", port));
    channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
    SSLEngine engine = identity.createSSLEngine("localhost", port);
    engine.setUseClientMode(true);
    MqttConnection connection = new MqttConnection(id, version, channel, engine);
    try {
      connection.connect();
      channel.configureBlocking(false);
      return connection;
    } catch (IOException e) {
      channel.close();
      throw e;
    }
  }

  private void connect() throws IOException {
    engine.beginHandshake();
    while (engine.getHandshakeStatus() != HandshakeStatus.NOT_HANDSHAKING) {
      if (!handshake()) {
        receive();
      }
    }
    send(MqttPackets.connect(version, id, KEEP_ALIVE_SECONDS));
    while (!accepted) {
      receive();
      read((type, body) -> accepted = type == MqttPackets.CONNACK && body.get(1) == 0);
    }
  }

  /** Does what TLS asks for. @return false if it wants to hear from the server first */
  private boolean handshake() throws IOException {
    HandshakeStatus status = engine.getHandshakeStatus();
    if (status == HandshakeStatus.NEED_WRAP) {
      wrap(NOTHING.duplicate());
      return true;
    }
    if (status == HandshakeStatus.NEED_TASK) {
      engine.getDelegatedTask().run();
      return true;
    }
    return false;
  }

  SocketChannel channel() {
    return channel;
  }

  /** Publishes with QoS 1. @return the packet id */
  int publish(String topic, Map<String, String> properties, byte[] payload) throws IOException {
    packetId = packetId % 0xffff + 1;
    send(MqttPackets.publish(version, topic, false, packetId, properties, payload));
    return packetId;
  }

  /** Publishes with QoS 1, retained. */
  void publishRetained(String topic, byte[] payload) throws IOException {
    packetId = packetId % 0xffff + 1;
    send(MqttPackets.publish(version, topic, true, packetId, Map.of(), payload));
  }

  private void send(byte[] packet) throws IOException {
    ByteBuffer left = ByteBuffer.wrap(packet);
    while (left.hasRemaining()) {
      wrap(left);
    }
  }

  private void wrap(ByteBuffer source) throws IOException {
    out.clear();
    engine.wrap(source, out);
    out.flip();
    while (out.hasRemaining()) {
      channel.write(out);
    }
  }

  /**
   * Reads what has arrived.
   *
   * @throws EOFException if the server has closed the connection
   */
  void read(MqttPackets.Reader reader) throws IOException {
    if (!channel.isBlocking()) {
      receive();
    }
    plain.flip();
    MqttPackets.read(plain, reader);
    plain.compact();
  }

  private void receive() throws IOException {
    int count = channel.read(encrypted);
    encrypted.flip();
    SSLEngineResult result;
    do {
      result = engine.unwrap(encrypted, plain);
      while (handshake()) {
        // Until TLS has nothing more to do.
      }
    } while (result.bytesConsumed() > 0 && encrypted.hasRemaining());
    encrypted.compact();
    if (count < 0 || result.getStatus() == SSLEngineResult.Status.CLOSED) {
      throw new EOFException(id + ": closed by the server");
    }
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
