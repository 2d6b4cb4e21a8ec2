/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Assertions;

/** A software TPM 2.0 on a port of this machine; its state is in a folder, and outlives it. */
public final class Swtpm implements AutoCloseable {
  private static final Duration LIMIT = Duration.ofSeconds(10);

  private static final int ATTEMPTS = 5;

  private final Path folder;
  private final Path maker;
  private int port;
  private Process process;

  private Swtpm(Path folder) {
    this.folder = folder;
    this.maker = folder.resolveSibling("tpm-maker");
  }

  /** Starts a TPM that has never been used; fails or skips the test if there is no swtpm. */
  public static Swtpm start(Path folder) {
    try {
      Swtpm tpm = new Swtpm(Files.createTempDirectory(folder, "swtpm"));
      tpm.begin();
      return tpm;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * As {@link #start(Path)}, of a maker who has certified it: one for all that are started in a
   * folder.
   */
  public static Swtpm startCertified(Path folder) {
    try {
      Swtpm tpm = new Swtpm(Files.createTempDirectory(folder, "swtpm"));
      tpm.certify();
      tpm.begin();
      return tpm;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The maker's CA, which certifies TPMs. */
  public Path maker() {
    return maker.resolve("issuercert.pem");
  }

  private void certify() throws IOException {
    Path authority = Files.writeString(
        folder.resolve("localca.conf"), """
        statedir = %1$s
        signingkey = %1$s/signkey.pem
        issuercert = %2$s
        certserial = %1$s/certserial
        """.formatted(Files.createDirectories(maker), maker()));
    Path options = Files.writeString(
        folder.resolve("localca.options"),
        "--platform-manufacturer Muster\n--platform-version 1\n--platform-model Test\n");
    Path settings = Files.writeString(folder.resolve("setup.conf"), """
        create_certs_tool = %s
        create_certs_tool_config = %s
        create_certs_tool_options = %s
        """.formatted(
            PeerProgram.require("swtpm_localca").executable(), authority, options));
    PeerProgram.require("swtpm_setup")
        .run(
            folder,
            "--tpm2",
            "--tpmstate",
            folder.toString(),
            "--create-ek-cert",
            "--config",
            settings.toString())
        .expectSuccess();
  }

  /** The first of two in a row: tpm2-tools look for the control channel behind the other. */
  public static int freePorts() throws IOException {
    InetAddress here = InetAddress.getLoopbackAddress();
    while (true) {
      try (ServerSocket data = new ServerSocket(0, 1, here);
          ServerSocket control = new ServerSocket(data.getLocalPort() + 1, 1, here)) {
        return control.getLocalPort() - 1;
      } catch (BindException e) {
        // The next one.
      }
    }
  }

  /** Ports that were free a moment ago may be another's by now. */
  private void begin() throws IOException {
    for (int left = ATTEMPTS; ; left--) {
      port = freePorts();
      try {
        start();
        return;
      } catch (AssertionError e) {
        if (left == 1 || !String.valueOf(e.getMessage()).contains("Address already in use")) {
          throw e;
        }
      }
    }
  }

  /** Starts it again after {@link #kill}; like a TPM after a reset, it waits for its startup. */
  public void start() {
    try {
      process = PeerProgram.require("swtpm")
          .start(
              folder,
              folder.resolve("out"),
              folder.resolve("err"),
              "socket",
              "--tpm2",
              "--tpmstate",
              "dir=" + folder.toAbsolutePath(),
              "--server",
              "type=tcp,bindaddr=127.0.0.1,port=" + port,
              "--ctrl",
              "type=tcp,bindaddr=127.0.0.1,port=" + (port + 1),
              "--flags",
              "not-need-init");
      Awaitility.await().atMost(LIMIT).until(this::isListening);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private boolean isListening() throws IOException {
    if (!process.isAlive()) {
      Assertions.fail("swtpm ended: " + Files.readString(folder.resolve("err")));
    }
    try (Socket socket = new Socket()) {
      socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 1000);
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  /** As a crash: nothing is said to clients, and what was loaded is gone. */
  public void kill() {
    try {
      process.destroyForcibly().waitFor();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  public int port() {
    return port;
  }

  /** @param query of one key, or empty */
  public URI uri(String query) {
    return URI.create("tpm:tcp://127.0.0.1:" + port + query);
  }

  @Override
  public void close() {
    kill();
  }
}
