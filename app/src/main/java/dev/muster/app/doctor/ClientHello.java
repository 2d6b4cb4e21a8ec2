/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.doctor;

import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.ProtocolException;
import java.net.Socket;
import java.net.SocketException;
import java.security.SecureRandom;
import java.util.List;

/**
 * The first message of a TLS handshake up to TLS 1.2 (RFC 5246, 7.4.1.2), made by hand: it offers
 * what a TLS library of today refuses to offer. Nothing is sent after it.
 *
 * @param version such as 0x0301 for TLS 1.0
 * @param suites by their numbers in the IANA registry
 */
record ClientHello(int version, List<Integer> suites) {
  private static final int ALERT = 21;
  private static final int HANDSHAKE = 22;
  private static final int SERVER_HELLO = 2;

  /** secp256r1, x25519, secp384r1; uncompressed points; ECDSA and RSA with SHA-256 and SHA-1. */
  private static final byte[] EXTENSIONS = {
    0, 10, 0, 8, 0, 6, 0, 23, 0, 29, 0, 24, 0, 11, 0, 2, 1, 0, 0, 13, 0, 10, 0, 8, 4, 3, 4, 1, 2, 3,
    2, 1
  };

  /** What the server makes of it. */
  sealed interface Answer {
    /** It goes on, with this suite. */
    record Chosen(int suite) implements Answer {}

    /** @param description such as 70, protocol_version (RFC 8446, 6.2) */
    record Alert(int description) implements Answer {}

    record HungUp() implements Answer {}
  }

  /** @throws IOException if it does not answer, or with what is not TLS */
  Answer offerTo(int port) throws IOException {
    try (Socket socket = Visitor.plain(port)) {
      socket.getOutputStream().write(record());
      return answer(new DataInputStream(socket.getInputStream()));
    }
  }

  private static Answer answer(DataInputStream in) throws IOException {
    try {
      int type = in.readUnsignedByte();
      in.skipNBytes(4);
      if (type == ALERT) {
        in.skipNBytes(1);
        return new Answer.Alert(in.readUnsignedByte());
      }
      if (type != HANDSHAKE || in.readUnsignedByte() != SERVER_HELLO) {
        throw new ProtocolException("an answer that is not TLS");
      }
      in.skipNBytes(3 + 2 + 32);
      in.skipNBytes(in.readUnsignedByte());
      return new Answer.Chosen(in.readUnsignedShort());
    } catch (EOFException | SocketException e) {
      return new Answer.HungUp();
    }
  }

  private byte[] record() throws IOException {
    byte[] hello = hello();
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    DataOutputStream out = new DataOutputStream(bytes);
    out.writeByte(HANDSHAKE);
    out.writeShort(0x0301);
    out.writeShort(hello.length + 4);
    out.writeInt(1 << 24 | hello.length);
    out.write(hello);
    return bytes.toByteArray();
  }

  private byte[] hello() throws IOException {
    byte[] random = new byte[32];
    new SecureRandom().nextBytes(random);
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    DataOutputStream out = new DataOutputStream(bytes);
    out.writeShort(version);
    out.write(random);
    out.writeByte(0);
    out.writeShort(2 * suites.size());
    for (int suite : suites) {
      out.writeShort(suite);
    }
    out.writeShort(0x0100);
    out.writeShort(EXTENSIONS.length);
    out.write(EXTENSIONS);
    return bytes.toByteArray();
  }
}
