/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.muster.device.testing.EstDouble;
import dev.muster.device.testing.Mosquitto;
import dev.muster.device.testing.TestFleet;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A whole device against an EST server and Mosquitto. */
class FleetDeviceIT {
  private static final Duration LIMIT = Duration.ofSeconds(20);

  @TempDir
  Path folder;

  private TestFleet fleet;
  private EstDouble est;
  private Mosquitto broker;
  private final List<FleetDevice> devices = new ArrayList<>();

  @BeforeEach
  void startPeers() {
    fleet = new TestFleet(folder);
    est = new EstDouble(fleet);
    broker = Mosquitto.start(fleet);
  }

  @AfterEach
  void stopAll() {
    devices.forEach(FleetDevice::close);
    est.close();
    broker.close();
  }

  private FleetDevice.Builder builder(String name) {
    return FleetDevice.builder()
        .enrollment(est.uri())
        .broker(broker.uri())
        .trust(fleet.trust())
        .factoryIdentity(fleet.factoryKey(), fleet.factoryChain())
        .stateDirectory(folder.resolve(name))
        .timing(TestTiming.FAST);
  }

  private FleetDevice started(FleetDevice.Builder builder) {
    FleetDevice device = builder.build();
    devices.add(device);
    device.start();
    return device;
  }

  private static void awaitOnline(FleetDevice device) {
    await().atMost(LIMIT).until(() -> device.state() == DeviceState.ONLINE);
  }

  @Test
  void start_factoryIdentityOnly_enrollsConnectsAndReports() throws Exception {
    try (Mosquitto.Subscriber consumer = broker.subscribe()) {
      long begin = System.nanoTime();
      FleetDevice device = started(builder("a"));
      awaitOnline(device);
      long online = System.nanoTime();
      PublishReceipt receipt = device.telemetry("env").send(Map.of("temperature", 21.4));
      receipt.acknowledged().get(20, TimeUnit.SECONDS);
      System.err.printf(
          "start to ONLINE %d ms, publish to PUBACK %d ms%n",
          (online - begin) / 1_000_000, (System.nanoTime() - online) / 1_000_000);

      assertThat(device.subject()).hasValueSatisfying(subject -> {
        assertThat(subject.device()).hasToString("acme-0001");
        assertThat(subject.fleet()).hasToString("default");
      });
      await().atMost(LIMIT).until(() -> !consumer.lines().isEmpty());
      assertThat(consumer.lines().get(0))
          .startsWith("fleets/default/devices/acme-0001/telemetry/env|application/senml+json|")
          .contains("muster-boot:" + device.bootId())
          .contains("muster-seq:" + receipt.identity().sequence())
          .contains("\"n\":\"temperature\",\"v\":21.4}]");
      assertThat(est.requests()).hasSize(1);
      assertThat(est.requests().get(0).subject()).isEmpty();
    }
  }
}
