/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.hardware.tpm;

import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.Arrays;

/** Commands as they are, over TCP: the data channel of swtpm. */
final class SocketLink implements TpmLink {
  private final Socket socket;
  private final InputStream in;
  private final Duration limit;

  private SocketLink(Socket socket, Duration limit) throws IOException {
    this.socket = socket;
    this.in = socket.getInputStream();
    this.limit = limit;
  }

  /** @param limit for connecting, and for each answer */
  static SocketLink open(String host, int port, Duration limit) throws IOException {
    Socket socket = new Socket();
    try {
      socket.setTcpNoDelay(true);
      socket.setSoTimeout(Math.toIntExact(limit.toMillis()));
      socket.connect(new InetSocketAddress(host, port), Math.toIntExact(limit.toMillis()));
      return new SocketLink(socket, limit);
    } catch (IOException e) {
      socket.close();
      throw e;
    }
  }

  @Override
  public byte[] exchange(byte[] command) throws IOException {
    if (in.available() > 0) {
      throw new TpmAnswerException("bytes that nobody asked for");
    }
    try {
      socket.getOutputStream().write(command);
      byte[] header = read(HEADER_BYTES);
      int size = TpmLink.size(header);
      byte[] answer = Arrays.copyOf(header, size);
      byte[] rest = read(size - HEADER_BYTES);
      System.arraycopy(rest, 0, answer, HEADER_BYTES, rest.length);
      return answer;
    } catch (SocketTimeoutException e) {
      throw new InterruptedIOException(
          "the TPM has not answered within " + limit.toMillis() + " ms");
    }
  }

  private byte[] read(int length) throws IOException {
    byte[] bytes = in.readNBytes(length);
    if (bytes.length < length) {
      throw new IOException("the TPM has closed the connection");
    }
    return bytes;
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
