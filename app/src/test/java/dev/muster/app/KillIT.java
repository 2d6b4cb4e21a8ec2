/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.muster.app.backend.Endpoints;
import dev.muster.app.operator.OperatorClient;
import dev.muster.device.FleetDevice;
import dev.muster.protocol.identity.DeviceId;
import dev.muster.protocol.telemetry.MessageIdentity;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The backend is killed while devices publish; whatever they were told is stored must be stored,
 * and once.
 */
class KillIT {
  private static final int DEVICES = 10;
  private static final int ROUNDS = 3;

  @TempDir
  Path folder;

  private final Map<DeviceId, Set<MessageIdentity>> acknowledged = new ConcurrentHashMap<>();

  @Test
  void kill_underLoad_losesNothingAcknowledged_andStoresNothingTwice() throws Exception {
    long seed = Long.getLong("seed", System.nanoTime());
    Random random = new Random(seed);
    Path data = folder.resolve("muster-data");
    MusterProcess backend =
        MusterProcess.start(folder, "serve", "--ephemeral-ports").awaitReady();
    Endpoints ports = Endpoints.read(data);
    String[] samePorts = {
      "serve",
      "--set",
      "ports.est=" + ports.est(),
      "--set",
      "ports.mqtt=" + ports.mqtt(),
      "--set",
      "ports.operator=" + ports.operator(),
      "--set",
      "ports.http=" + ports.http(),
      "--set",
      "ports.metrics=0"
    };
    MusterProcess.run(folder, "factory", "init", "--out", "acme", "--name", "acme")
        .expect(0);
    MusterProcess.run(
            folder,
            "admin",
            "manufacturers",
            "add",
            "acme",
            "--ca",
            "acme/ca.pem",
            "--admission",
            "auto")
        .expect(0);
    List<FleetDevice> devices = startDevices(ports, data);
    ScheduledExecutorService load = Executors.newSingleThreadScheduledExecutor();
    try {
      load.scheduleAtFixedRate(() -> devices.forEach(this::publish), 0, 20, TimeUnit.MILLISECONDS);
      for (int round = 0; round < ROUNDS; round++) {
        int before = total();
        int wanted = 50 + random.nextInt(200);
        await().atMost(Duration.ofSeconds(60)).until(() -> total() >= before + wanted);
        backend.kill();
        backend = MusterProcess.start(folder, samePorts).awaitReady();
      }
      int before = total();
      await().atMost(Duration.ofSeconds(60)).until(() -> total() > before + DEVICES);
    } finally {
      load.shutdownNow();
      devices.forEach(FleetDevice::close);
    }
    Map<DeviceId, List<MessageIdentity>> stored = stored(OperatorClient.local(data));
    backend.close();
    acknowledged.forEach((device, identities) -> {
      assertThat(stored.get(device))
          .as("seed %d, %s: stored once", seed, device)
          .doesNotHaveDuplicates();
      assertThat(stored.get(device))
          .as("seed %d, %s: nothing lost", seed, device)
          .containsAll(identities);
    });
    assertThat(total()).as("the load was one").isGreaterThan(ROUNDS * 50);
  }

  private List<FleetDevice> startDevices(Endpoints ports, Path data) {
    List<FleetDevice> devices = new ArrayList<>();
    for (int i = 0; i < DEVICES; i++) {
      String serial = "SN-" + i;
      MusterProcess.run(
              folder, "factory", "issue", "--factory", "acme", "--serial", serial, "--out", serial)
          .expect(0);
      FleetDevice device = FleetDevice.builder()
          .enrollment(ports.estUrl())
          .broker(ports.mqttUrl())
          .trust(data.resolve("trust/root.pem"))
          .factoryIdentity(
              folder.resolve(serial).resolve("device.key"),
              folder.resolve(serial).resolve("chain.pem"))
          .stateDirectory(folder.resolve(serial + "-state"))
          .build();
      device.start();
      devices.add(device);
    }
    return devices;
  }

  private void publish(FleetDevice device) {
    var receipt = device.telemetry("load").send(Map.of("n", 1));
    receipt
        .acknowledged()
        .thenRun(() -> device
            .subject()
            .ifPresent(subject -> acknowledged
                .computeIfAbsent(subject.device(), id -> ConcurrentHashMap.newKeySet())
                .add(receipt.identity())));
  }

  private int total() {
    return acknowledged.values().stream().mapToInt(Set::size).sum();
  }

  private Map<DeviceId, List<MessageIdentity>> stored(OperatorClient operator) {
    Map<DeviceId, List<MessageIdentity>> stored =
        new TreeMap<>(java.util.Comparator.comparing(DeviceId::value));
    for (DeviceId device : acknowledged.keySet()) {
      List<MessageIdentity> identities = new ArrayList<>();
      String page = "devices/" + device + "/messages?limit=1000";
      while (page != null) {
        var answer = operator.get(page);
        answer
            .path("messages")
            .forEach(m -> identities.add(
                new MessageIdentity(m.path("boot").asText(), m.path("sequence").asLong())));
        page = answer.hasNonNull("next")
            ? "devices/" + device + "/messages?limit=1000&after="
                + answer.path("next").asText()
            : null;
      }
      stored.put(device, identities);
    }
    return stored;
  }
}
