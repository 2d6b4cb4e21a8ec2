/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.testing;

import dev.muster.testing.PeerProgram;
import dev.muster.testing.TestPki;
import dev.muster.testing.TestPki.Credential;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;

/** Eclipse Mosquitto as a broker: mutual TLS, on a free port of this machine. */
public final class Mosquitto implements AutoCloseable {
  private final TestFleet fleet;
  private final Path folder;
  private final String host;
  private final int port;
  private Process process;

  private Mosquitto(
      TestFleet fleet, Credential server, String moreConfiguration, String host, int port)
      throws IOException {
    this.fleet = fleet;
    this.host = host;
    this.port = port;
    this.folder = Files.createTempDirectory(fleet.folder(), "mosquitto");
    TestPki.write(this.folder, "server", server);
    Files.writeString(
        this.folder.resolve("ca.pem"),
        TestPki.pem(List.of(
            fleet.root().certificate(),
            fleet.deviceCa().certificate(),
            fleet.serviceCa().certificate())));
    Files.writeString(
        this.folder.resolve("mosquitto.conf"),
        String.join(
            "\n",
            "user " + System.getProperty("user.name"),
            "listener " + port + " " + host,
            "cafile " + this.folder.resolve("ca.pem"),
            "certfile " + this.folder.resolve("server.pem"),
            "keyfile " + this.folder.resolve("server.key"),
            "require_certificate true",
            "use_identity_as_username true",
            "allow_anonymous false",
            "set_tcp_nodelay true",
            "persistence false",
            "log_type all",
            moreConfiguration,
            ""));
  }

  public static Mosquitto start(TestFleet fleet) {
    return start(fleet, fleet.server(), "");
  }

  /** With a certificate and lines of configuration of its own. */
  public static Mosquitto start(TestFleet fleet, Credential server, String moreConfiguration) {
    for (int tries = 1; ; tries++) {
      try {
        return start(fleet, server, moreConfiguration, "127.0.0.1", freePort());
      } catch (IllegalStateException e) {
        // Somebody else may have come upon that port.
        if (tries == 3) {
          throw e;
        }
      }
    }
  }

  /** On an address of this machine and a port of its own. */
  public static Mosquitto start(
      TestFleet fleet, Credential server, String moreConfiguration, String host, int port) {
    try {
      Mosquitto broker = new Mosquitto(fleet, server, moreConfiguration, host, port);
      broker.start();
      return broker;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Starts it, again after {@link #kill}, and returns when it listens. */
  public void start() {
    try {
      process = PeerProgram.require("mosquitto")
          .start(
              folder,
              folder.resolve("out.txt"),
              folder.resolve("err.txt"),
              "-c",
              folder.resolve("mosquitto.conf").toString());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    Awaitility.await().until(this::listens);
  }

  private boolean listens() {
    if (!process.isAlive()) {
      throw new IllegalStateException("mosquitto ended: " + log());
    }
    try (Socket socket = new Socket()) {
      socket.connect(new InetSocketAddress(host, port), 500);
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  public URI uri() {
    return URI.create("mqtts://localhost:" + port);
  }

  /** What it wrote so far. */
  public String log() {
    try {
      return Files.readString(folder.resolve("err.txt"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Ends it as a power cut would. */
  public void kill() {
    process.destroyForcibly();
    try {
      process.waitFor(10, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Stops it in its tracks: connections stay, nothing is answered. */
  public void freeze() {
    signal("-STOP");
  }

  private void signal(String signal) {
    PeerProgram.require("kill")
        .run(folder, signal, Long.toString(process.pid()))
        .expectSuccess();
  }

  /**
   * Subscribes to everything with mosquitto_sub, which writes {@code topic|content type|user
   * properties|payload}, and returns when it is subscribed.
   */
  public Subscriber subscribe() {
    try {
      Credential consumer = fleet.serviceCa().issue("CN=consumer, OU=consumer").build();
      String name = "sub" + System.nanoTime();
      TestPki.write(folder, name, consumer);
      Path out = folder.resolve(name + ".out");
      Process sub = PeerProgram.require("mosquitto_sub")
          .start(
              folder,
              out,
              folder.resolve(name + ".err"),
              "-V",
              "5",
              "-h",
              "localhost",
              "-p",
              Integer.toString(port),
              "-i",
              name,
              "--cafile",
              folder.resolve("ca.pem").toString(),
              "--cert",
              folder.resolve(name + ".pem").toString(),
              "--key",
              folder.resolve(name + ".key").toString(),
              "-q",
              "1",
              "-t",
              "#",
              "-F",
              "%t|%C|%P|%p");
      Awaitility.await().until(() -> log().contains("Sending SUBACK to " + name));
      return new Subscriber(sub, out);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Publishes what the backend would say, with QoS 1 and kept for who subscribes later. */
  public void say(String topic, String payload) {
    String name = "pub" + System.nanoTime();
    TestPki.write(
        folder, name, fleet.serviceCa().issue("CN=backend, OU=service").build());
    PeerProgram.require("mosquitto_pub")
        .run(
            folder,
            "-V",
            "5",
            "-h",
            "localhost",
            "-p",
            Integer.toString(port),
            "--cafile",
            folder.resolve("ca.pem").toString(),
            "--cert",
            folder.resolve(name + ".pem").toString(),
            "--key",
            folder.resolve(name + ".key").toString(),
            "-q",
            "1",
            "-r",
            "-t",
            topic,
            "-m",
            payload)
        .expectSuccess();
  }

  /** A running mosquitto_sub. */
  public record Subscriber(Process process, Path out) implements AutoCloseable {
    public List<String> lines() {
      try {
        return Files.readAllLines(out);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    @Override
    public void close() {
      process.destroyForcibly();
    }
  }

  @Override
  public void close() {
    kill();
  }

  private static int freePort() {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
