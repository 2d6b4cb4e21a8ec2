/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.hardware.tpm;

import java.io.DataInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntFunction;

/** Stands where a TPM should, and answers as it is told. */
final class FakeTpm implements AutoCloseable {
  private final ServerSocket server;
  private final List<Integer> commands = new CopyOnWriteArrayList<>();
  /** From a command's code to its answer; an empty one closes the connection, null keeps silent. */
  private final IntFunction<byte[]> answers;

  private final AtomicInteger connections = new AtomicInteger();
  private volatile boolean closesAfterEach;

  FakeTpm(IntFunction<byte[]> answers) throws IOException {
    this.answers = answers;
    server = new ServerSocket(0, 5, InetAddress.getLoopbackAddress());
    Thread thread = new Thread(this::serve, "fake-tpm");
    thread.setDaemon(true);
    thread.start();
  }

  void closeAfterEach() {
    closesAfterEach = true;
  }

  int connections() {
    return connections.get();
  }

  /** The codes of the commands heard. */
  List<Integer> commands() {
    return commands;
  }

  int port() {
    return server.getLocalPort();
  }

  private void serve() {
    while (!server.isClosed()) {
      try (Socket client = server.accept()) {
        connections.incrementAndGet();
        DataInputStream in = new DataInputStream(client.getInputStream());
        while (answerOne(in, client)) {
          // The next one.
        }
      } catch (IOException e) {
        // The next client.
      }
    }
  }

  private boolean answerOne(DataInputStream in, Socket client) throws IOException {
    byte[] command = new byte[10];
    in.readFully(command);
    TpmReader header = new TpmReader(command);
    header.u16();
    int size = header.u32();
    int code = header.u32();
    in.readNBytes(size - command.length);
    commands.add(code);
    byte[] answer = answers.apply(code);
    if (answer == null) {
      in.read(); // Until the client has had enough.
      return false;
    }
    client.getOutputStream().write(answer);
    return answer.length > 0 && !closesAfterEach;
  }

  @Override
  public void close() throws IOException {
    server.close();
  }
}
