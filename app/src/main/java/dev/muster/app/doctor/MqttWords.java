/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.doctor;

import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** Asks an MQTT 3.1.1 server to be let in. */
record MqttWords(String clientId) implements Visitor.Words {
  private static final int CONNACK = 32;
  /** The first byte of an alert: the server speaks TLS, and we have not. */
  private static final int TLS_ALERT = 21;

  private static final int SERVER_UNAVAILABLE = 3;

  @Override
  public Attempt say(Socket socket) throws IOException {
    socket.getOutputStream().write(connect());
    try {
      return answer(socket.getInputStream());
    } catch (SocketException e) {
      return Attempt.turnedAway("the connection was closed");
    }
  }

  /** The same without TLS. */
  Attempt sayInTheClear(int port) {
    try (Socket socket = Visitor.plain(port)) {
      return say(socket);
    } catch (IOException e) {
      return Attempt.unknown("no answer: " + e.getMessage());
    }
  }

  private static Attempt answer(InputStream in) throws IOException {
    int first = in.read();
    if (first < 0) {
      return Attempt.turnedAway("the connection was closed");
    }
    if (first == TLS_ALERT) {
      return Attempt.turnedAway("it speaks TLS alone");
    }
    byte[] rest = in.readNBytes(3);
    if (first != CONNACK || rest.length < 3) {
      return Attempt.unknown("an answer that is not MQTT");
    }
    int code = rest[2];
    String how = "CONNACK " + code;
    return switch (code) {
      case 0 -> Attempt.letIn(how);
      case SERVER_UNAVAILABLE -> Attempt.unknown(how + ", server unavailable");
      default -> Attempt.turnedAway(how);
    };
  }

  /** CONNECT with a clean session and 30 s of keep-alive (section 3.1). */
  private byte[] connect() {
    byte[] id = clientId.getBytes(StandardCharsets.US_ASCII);
    return ByteBuffer.allocate(14 + id.length)
        .put(new byte[] {16, (byte) (12 + id.length), 0, 4, 'M', 'Q', 'T', 'T', 4, 2, 0, 30})
        .putShort((short) id.length)
        .put(id)
        .array();
  }
}
