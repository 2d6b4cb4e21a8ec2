/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.example;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.muster.device.DeviceState;
import dev.muster.device.FleetDevice;
import dev.muster.device.testing.EstDouble;
import dev.muster.device.testing.Mosquitto;
import dev.muster.device.testing.TestFleet;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
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
    Examples examples = new Examples();
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
      examples.many(List.of());
    }
  }
}
