/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker;

import static org.assertj.core.api.Assertions.assertThat;

import dev.muster.testing.PeerProgram;
import dev.muster.testing.PeerProgram.Result;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** mosquitto's clients against a broker. */
final class Mosquitto {
  private final BrokerFixture fixture;

  Mosquitto(BrokerFixture fixture) {
    this.fixture = fixture;
  }

  Result pub(String credential, String clientId, String... more) {
    return run("mosquitto_pub", credential, clientId, more);
  }

  /** As the enrollment service: a CRL of the device CA, or word of one. */
  Result publishDeviceCrl(String clientId, byte[] payload) {
    return run(
        "mosquitto_pub",
        payload,
        "enrollment",
        clientId,
        "-V",
        "mqttv5",
        "-q",
        "1",
        "-r",
        "-t",
        "muster/revocations/device",
        "-s");
  }

  Result run(String program, String credential, String clientId, String... more) {
    return run(program, new byte[0], credential, clientId, more);
  }

  private Result run(
      String program, byte[] input, String credential, String clientId, String... more) {
    return PeerProgram.require(program)
        .run(
            fixture.folder,
            input,
            Duration.ofSeconds(60),
            arguments(credential, clientId, more).toArray(String[]::new));
  }

  /**
   * Asks for one subscription, which is to be refused: then it ends by itself, and long before its
   * limit.
   */
  void expectDenied(String credential, String clientId, String filter) {
    assertThat(
            run("mosquitto_sub", credential, clientId, "-t", filter, "-W", "50").output())
        .as(filter)
        .contains("denied");
  }

  /** A subscriber that runs until it is closed. */
  Subscriber sub(String credential, String clientId, String... more) throws IOException {
    Path out = Files.createTempFile(fixture.folder, "sub", ".out");
    Path err = Files.createTempFile(fixture.folder, "sub", ".err");
    List<String> arguments = arguments(credential, clientId, more);
    arguments.add("-d");
    // Into a file it would write in blocks, and nobody would see that it has subscribed.
    arguments.addAll(
        0, List.of("-oL", PeerProgram.require("mosquitto_sub").executable().toString()));
    Process process = PeerProgram.require("stdbuf")
        .start(fixture.folder, out, err, arguments.toArray(String[]::new));
    return new Subscriber(process, out, err);
  }

  record Subscriber(Process process, Path out, Path err) implements AutoCloseable {
    String output() {
      try {
        return new String(Files.readAllBytes(out), StandardCharsets.UTF_8)
            + new String(Files.readAllBytes(err), StandardCharsets.UTF_8);
      } catch (IOException e) {
        throw new AssertionError(e);
      }
    }

    Subscriber awaitOutput(String expected) {
      org.awaitility.Awaitility.await()
          .atMost(Duration.ofSeconds(60))
          .untilAsserted(() -> assertThat(output()).contains(expected));
      return this;
    }

    @Override
    public void close() {
      process.destroy();
    }
  }

  private List<String> arguments(String credential, String clientId, String... more) {
    List<String> arguments = new ArrayList<>(List.of(
        "-h",
        "localhost",
        "-p",
        Integer.toString(fixture.port()),
        "--cafile",
        "root.pem",
        "-i",
        clientId));
    if (!credential.isEmpty()) {
      arguments.addAll(List.of("--cert", credential + ".pem", "--key", credential + ".key"));
    }
    arguments.addAll(List.of(more));
    return arguments;
  }
}
