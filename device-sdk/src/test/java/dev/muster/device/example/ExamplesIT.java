/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.example;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.muster.device.DeviceState;
import dev.muster.device.FleetDevice;
import dev.muster.device.testing.EstDouble;
import dev.muster.device.testing.Mosquitto;
import dev.muster.device.testing.TestFleet;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The examples of docs/device-sdk.md are those that run here. */
class ExamplesIT {
  private static final Duration LIMIT = Duration.ofSeconds(60);
  private static final Pattern BLOCK = Pattern.compile("```java\n(.*?)```", Pattern.DOTALL);

  @TempDir
  Path folder;

  @Test
  void docs_everyBlock_isAMethodOfTheExamplesOrTheQuickstart() throws IOException {
    Path sources = Path.of("src/test/java/dev/muster/device/example").toAbsolutePath();
    String code = flat(Files.readString(sources.resolve("Examples.java"))
        + Files.readString(sources.resolve("Quickstart.java")));
    String page = Files.readString(Path.of("../docs/device-sdk.md"));
    List<String> blocks = BLOCK
        .matcher(page)
        .results()
        .map((MatchResult block) -> flat(block.group(1)))
        .toList();

    assertThat(blocks).hasSize(11).allSatisfy(block -> assertThat(code).contains(block));
  }

  private static String flat(String text) {
    return text.replaceAll("\\s+", "");
  }

  @Test
  void examples_allOfThem_run() throws Exception {
    TestFleet fleet = new TestFleet(folder);
    Files.copy(fleet.factoryKey(), folder.resolve("device.key"));
    Files.copy(fleet.factoryChain(), folder.resolve("chain.pem"));
    Path restarted = folder.resolve("restarted");
    Examples examples = new Examples("touch", restarted.toString());
    try (EstDouble est = new EstDouble(fleet);
        Mosquitto broker = Mosquitto.start(fleet);
        Mosquitto.Subscriber consumer = broker.subscribe();
        FleetDevice device = examples.limits(folder, est.uri(), broker.uri())) {
      examples.commands(device);
      examples.twin(device);
      examples.logs(device);
      device.start();
      await().atMost(LIMIT).until(() -> device.state() == DeviceState.ONLINE);

      examples.receipts(device);
      examples.units(device);
      examples.alarms(device);

      await().atMost(LIMIT).until(() -> consumer.lines().size() >= 6);
      assertThat(consumer.lines().toString())
          .contains("telemetry/env", "telemetry/overheated", "events/operator-login")
          .contains("telemetry/trace", "twin/reported", "\"u\":\"Cel\"");
      assertThat(examples.health(device)).isTrue();

      broker.say(
          "fleets/default/devices/acme-0001/twin/desired",
          "{\"version\":1,\"desired\":{\"interval\":3}}");
      command(broker, "c1", "blink");
      await()
          .atMost(LIMIT)
          .untilAsserted(() -> assertThat(consumer.lines().toString())
              .contains(
                  "{\"reported\":{\"interval\":3}", "command-progress", "commands/c1/result"));
      assertThat(examples.interval).hasValue(Duration.ofSeconds(3));

      command(broker, "c2", "reboot");
      await().atMost(LIMIT).until(() -> Files.exists(restarted));
      assertThat(consumer.lines().toString()).contains("commands/c2/result");
    }
  }

  private static void command(Mosquitto broker, String id, String name) {
    broker.say("fleets/default/devices/acme-0001/commands/" + id, """
        {"id":"%s","name":"%s","deadline":"%s","payload":{"times":3}}""".formatted(
            id, name, Instant.now().plusSeconds(600)));
  }

  @Test
  void examples_ofManyDevices_startAndCloseThem() throws Exception {
    TestFleet fleet = new TestFleet(folder);
    try (EstDouble est = new EstDouble(fleet)) {
      Examples examples = new Examples();
      examples.many(IntStream.range(0, 3)
          .mapToObj(i -> FleetDevice.builder()
              .enrollment(est.uri())
              .broker(URI.create("mqtts://localhost:1"))
              .trust(fleet.trust())
              .factoryIdentity(fleet.factoryKey(), fleet.factoryChain())
              .stateDirectory(folder.resolve("state" + i)))
          .toList());
      assertThat(folder.resolve("state2")).isDirectory();
    }
  }

  @Test
  void examples_claiming_isLetIn() throws Exception {
    TestFleet fleet = new TestFleet(folder);
    Files.writeString(folder.resolve("claim-token"), "00112233445566778899aabbccddeeff\n");
    try (EstDouble est = new EstDouble(fleet);
        FleetDevice device =
            new Examples().claiming(folder, est.uri(), URI.create("mqtts://localhost:1"))) {
      est.registrar(request -> est.issueFor("00112233445566778899aabbccddeeff", request));
      device.start();
      await().atMost(LIMIT).until(() -> device.subject().isPresent());
    }
  }

  /** Its servers are not there, which is no reason to fail; it runs until it is interrupted. */
  @Test
  void quickstart_runsWithoutServersToo() throws Exception {
    TestFleet fleet = new TestFleet(folder);
    Files.copy(fleet.factoryKey(), folder.resolve("device.key"));
    Files.copy(fleet.factoryChain(), folder.resolve("chain.pem"));
    FutureTask<Void> program = new FutureTask<>(() -> {
      Quickstart.main(new String[] {folder.toString()});
      return null;
    });
    Thread thread = new Thread(program, "quickstart");
    thread.start();
    await().atMost(LIMIT).until(() -> hasTelemetry(folder.resolve("state")) || program.isDone());
    thread.interrupt();

    assertThatThrownBy(() -> program.get(60, TimeUnit.SECONDS))
        .hasCauseInstanceOf(InterruptedException.class);
  }

  private static boolean hasTelemetry(Path state) throws IOException {
    if (!Files.isDirectory(state.resolve("journal"))) {
      return false;
    }
    try (Stream<Path> files = Files.walk(state.resolve("journal"))) {
      return files.anyMatch(Files::isRegularFile);
    }
  }
}
