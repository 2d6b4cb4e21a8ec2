/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.muster.testing.PeerProgram;
import dev.muster.testing.TestPki;
import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A simulation with a Mosquitto that it started; one that is stopped leaves nothing behind of what
 * it did to its server.
 */
class SimulateSignalIT {
  private static final Duration LIMIT = Duration.ofMinutes(2);

  @TempDir
  Path folder;

  private int port;

  @BeforeEach
  void prepareBroker() throws IOException {
    try (ServerSocket socket = new ServerSocket(0)) {
      port = socket.getLocalPort();
    }
    TestPki.Credential root = TestPki.root("CN=Root");
    TestPki.write(folder, "server", root.issue("CN=broker").server().build());
    Files.writeString(folder.resolve("root.pem"), TestPki.pem(List.of(root.certificate())));
    MusterProcess.run(folder, "factory", "init", "--out", "state/factory", "--name", "sim")
        .expect(0);
    Files.writeString(folder.resolve("mosquitto.conf"), """
        listener %d 127.0.0.1
        cafile state/factory/ca.pem
        certfile server.pem
        keyfile server.key
        require_certificate true
        allow_anonymous true
        user root
        """.formatted(port));
  }

  /** With what the hook begins with still running, in a shell that started the server. */
  @Test
  void simulate_interrupted_endsItsHooksAndItsServer() throws IOException {
    Files.writeString(folder.resolve("stopped.yaml"), """
        name: stopped
        server: %s -c mosquitto.conf & echo $! > server.pid; wait
        devices: 2
        phases:
          - ramp: {for: 1s}
          - hook:
              for: 10m
              begin: sleep 900 & echo $! > fault.new; mv fault.new fault; wait
              end: mv fault undone
        """.formatted(
            PeerProgram.require("mosquitto").executable()));
    try (MusterProcess simulation = MusterProcess.start(
        folder,
        "simulate",
        "--scenario",
        "stopped.yaml",
        "--allow-commands",
        "--broker-only",
        "--mqtt",
        "mqtts://localhost:" + port,
        "--ca",
        "root.pem",
        "--state",
        "state",
        "--json")) {
      await()
          .atMost(LIMIT)
          .until(() -> Files.exists(folder.resolve("fault")) || !simulation.isAlive());
      assertThat(folder.resolve("fault")).as(simulation.stderr()).exists();
      long server = pid("server.pid");
      long fault = pid("fault");
      // SIGINT, to it alone: what Ctrl-C sends.
      simulation.signal("INT");
      simulation.awaitEnd(LIMIT);
      assertThat(folder.resolve("undone")).exists();
      assertThat(isAlive(fault)).as("the fault").isFalse();
      assertThat(isAlive(server)).as("the server").isFalse();
    }
  }

  /** In the same folder, a run that ends by itself. */
  @Test
  void simulate_brokerOnly_finished_passesWithoutLookingUp() throws IOException {
    Files.writeString(folder.resolve("finished.yaml"), """
        server: exec %s -c mosquitto.conf
        devices: 3
        rate: 4
        phases:
          - ramp: {for: 1s}
          - steady: {for: 8s}
        """.formatted(
            PeerProgram.require("mosquitto").executable()));
    String printed = MusterProcess.run(
            folder,
            "simulate",
            "--scenario",
            "finished.yaml",
            "--allow-commands",
            "--broker-only",
            "--mqtt",
            "mqtts://localhost:" + port,
            "--ca",
            "root.pem",
            "--state",
            "state",
            "--json")
        .expect(0)
        .stdout();
    JsonNode run = new ObjectMapper().readTree(printed);
    assertThat(run.path("result").asText()).isEqualTo("passed");
    assertThat(run.path("connected").asInt()).isEqualTo(3);
    assertThat(run.path("acknowledged").asInt()).isPositive();
    assertThat(run.has("lost")).as("nobody can be asked").isFalse();
  }

  private long pid(String file) throws IOException {
    return Long.parseLong(Files.readString(folder.resolve(file)).strip());
  }

  private static boolean isAlive(long pid) {
    return ProcessHandle.of(pid).filter(ProcessHandle::isAlive).isPresent();
  }
}
