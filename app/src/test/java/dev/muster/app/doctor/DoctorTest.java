/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.doctor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.muster.testing.PeerProgram;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is bad is seen: servers that take what ours refuses. */
class DoctorTest {
  @TempDir
  Path folder;

  private Process server;

  @AfterEach
  void stop() {
    if (server != null) {
      server.destroyForcibly();
    }
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    }
  }

  private static boolean answers(int port) {
    try (Socket socket = new Socket("localhost", port)) {
      return socket.isConnected();
    } catch (IOException e) {
      return false;
    }
  }

  /** An openssl server that may do anything. */
  private int careless(String... options) throws IOException {
    Path openssl = PeerProgram.require("openssl").executable();
    PeerProgram.require("openssl")
        .run(
            folder,
            "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout k.pem -out c.pem"
                .concat(" -subj /CN=localhost -days 2")
                .split(" "))
        .expectSuccess();
    int port = freePort();
    List<String> command = new ArrayList<>(List.of(
        openssl.toString(),
        "s_server",
        "-accept",
        Integer.toString(port),
        "-key",
        "k.pem",
        "-cert",
        "c.pem",
        "-cipher",
        "ALL:COMPLEMENTOFALL:@SECLEVEL=0"));
    command.addAll(List.of(options));
    server = new ProcessBuilder(command)
        .directory(folder.toFile())
        .redirectErrorStream(true)
        .redirectOutput(folder.resolve("server.out").toFile())
        .start();
    await().until(() -> answers(port));
    return port;
  }

  @Test
  void helloByHand_findsWhatACarelessServerTakes() throws IOException {
    int port = careless("-tls1");
    assertThat(new ClientHello(0x0301, List.of(0xC009)).offerTo(port)).contains(0xC009);
    assertThat(new ClientHello(0x0301, List.of(0x0018)).offerTo(port)).isEmpty();
  }

  @Test
  void helloByHand_findsASuiteWithoutEncryption_andRefusals() throws IOException {
    int port = careless("-tls1_2");
    assertThat(new ClientHello(0x0303, List.of(0xC006)).offerTo(port)).contains(0xC006);
    assertThat(new ClientHello(0x0301, List.of(0xC009)).offerTo(port))
        .as("TLS 1.0 where only 1.2 is spoken")
        .isEqualTo(Optional.empty());
  }

  @Test
  void serverThatTakesAnybody_isSeen() throws Exception {
    try (ServerSocket open = new ServerSocket(0, 1, InetAddress.getByName("localhost"))) {
      Thread answering = new Thread(() -> acknowledge(open));
      answering.start();
      assertThat(TlsClient.tryPlainMqtt(open.getLocalPort(), "doctor"))
          .isEqualTo(new TlsClient.Attempt(true, "CONNACK 0"));
      answering.join();
    }
  }

  private static void acknowledge(ServerSocket open) {
    try (Socket client = open.accept();
        InputStream in = client.getInputStream();
        OutputStream out = client.getOutputStream()) {
      assertThat(in.readNBytes(14 + "doctor".length())).endsWith('t', 'o', 'r');
      out.write(new byte[] {32, 2, 0, 0});
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }
}
