/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.simulator;

import dev.muster.protocol.identity.DeviceId;
import dev.muster.protocol.telemetry.MessageIdentity;
import dev.muster.simulator.payload.ContentChecksum;
import dev.muster.testing.PeerProgram;
import dev.muster.testing.TestPki;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.awaitility.Awaitility;

/**
 * mosquitto with mutual TLS for devices, and mosquitto_sub writing down every message that arrives:
 * broker and witness of a run, both with no code of ours.
 */
final class LabBroker implements AutoCloseable {
  private static final Duration LIMIT = Duration.ofSeconds(15);
  private static final Pattern LINE =
      Pattern.compile("fleets/[^/]+/devices/([^/]+)/telemetry/(\\S+) "
          + "(?=.*muster-boot:(\\S+))(?=.*muster-seq:(\\d+)).*?(\\[\\{.*)");

  private final int port = freePort();
  private final int plainPort = freePort();
  private final Path folder;
  private final Path received;
  private final List<Process> processes = new ArrayList<>();

  LabBroker(Path folder, TestPki.Credential root, TestPki.Credential deviceCa) throws IOException {
    this.folder = folder;
    received = folder.resolve("received.txt");
    TestPki.write(folder, "broker", root.issue("CN=lab").server().build());
    Files.writeString(
        folder.resolve("clients.pem"),
        TestPki.pem(List.of(root.certificate(), deviceCa.certificate())));
    Files.writeString(folder.resolve("mosquitto.conf"), """
        user root
        per_listener_settings true
        listener %d 127.0.0.1
        cafile clients.pem
        certfile broker.pem
        keyfile broker.key
        require_certificate true
        use_subject_as_username true
        allow_anonymous true
        set_tcp_nodelay true
        listener %d 127.0.0.1
        allow_anonymous true
        """.formatted(port, plainPort));
    try {
      run(folder, "mosquitto", "-c", "mosquitto.conf");
      awaitPort(plainPort);
      awaitPort(port);
      witness();
    } catch (RuntimeException | IOException e) {
      close();
      throw e;
    }
  }

  /** The retained message comes as soon as the subscription stands. */
  private void witness() throws IOException {
    PeerProgram.require("mosquitto_pub")
        .run(folder, "-p", "" + plainPort, "-r", "-q", "1", "-t", "fleets/ready", "-m", "-")
        .expectSuccess();
    run(
        folder,
        "mosquitto_sub",
        "-V",
        "5",
        "-p",
        "" + plainPort,
        "-q",
        "1",
        "-t",
        "fleets/#",
        "-F",
        "%t %P %p");
    Awaitility.await().atMost(LIMIT).until(() -> Files.readString(received).contains("ready"));
  }

  /** Says something to a device, now or when it comes. */
  void tell(String device, String topic, String message) throws IOException {
    PeerProgram.require("mosquitto_pub")
        .run(
            folder,
            "-p",
            "" + plainPort,
            "-r",
            "-q",
            "1",
            "-t",
            "fleets/lab/devices/" + device + "/" + topic,
            "-m",
            message)
        .expectSuccess();
  }

  /** A line for each message so far: topic, properties, payload. */
  String transcript() throws IOException {
    return Files.readString(received);
  }

  URI uri() {
    return URI.create("mqtts://localhost:" + port);
  }

  /** What the witness saw of a device so far. */
  List<StoredMessage> received(DeviceId device) {
    List<StoredMessage> messages = new ArrayList<>();
    try {
      for (String line : Files.readAllLines(received)) {
        Matcher match = LINE.matcher(line);
        if (match.matches() && match.group(1).equals(device.value())) {
          messages.add(new StoredMessage(
              MessageIdentity.parse(match.group(3), match.group(4)),
              match.group(2),
              Duration.ZERO,
              ContentChecksum.of(match.group(2), match.group(5).getBytes(StandardCharsets.UTF_8)),
              false));
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return messages;
  }

  private void run(Path folder, String program, String... arguments) throws IOException {
    Path out = program.equals("mosquitto_sub") ? received : folder.resolve(program + ".out");
    Path err = folder.resolve(program + ".err");
    processes.add(PeerProgram.require(program).start(folder, out, err, arguments));
  }

  private static void awaitPort(int port) {
    Awaitility.await().atMost(LIMIT).ignoreExceptions().until(() -> {
      try (Socket socket = new Socket()) {
        socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 500);
        return true;
      }
    });
  }

  private static int freePort() {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() {
    processes.forEach(Process::destroyForcibly);
  }
}
