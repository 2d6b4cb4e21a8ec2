/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.muster.device.DeviceState;
import dev.muster.device.FleetDevice;
import dev.muster.device.MqttClient;
import dev.muster.device.testing.Mosquitto;
import dev.muster.device.testing.TestFleet;
import dev.muster.testing.TestPki;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryMXBean;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Many devices in one JVM, all connected to Mosquitto: what each takes of threads and heap. Their
 * certificates are in their state directories already. {@code -Dbench.devices=1000}, and
 * {@code -Dbench.client=paho} for Paho in the place of the SDK's own MQTT.
 */
class ManyDevicesBenchmark {
  private static final int DEVICES = Integer.getInteger("bench.devices", 1000);
  private static final MqttClient CLIENT =
      System.getProperty("bench.client", "").equals("paho") ? MqttClient.PAHO : MqttClient.BUILT_IN;

  /** Its own, one that has connected it and ends soon, and three of Paho's. */
  private static final int THREADS_EACH = CLIENT == MqttClient.PAHO ? 5 : 2;

  private static final int OTHER_THREADS = 40;
  private static final Duration LIMIT = Duration.ofMinutes(20);

  @TempDir
  Path folder;

  private final MemoryMXBean memory = ManagementFactory.getMemoryMXBean();
  private TestFleet fleet;

  @Test
  void devices_manyInOneJvm_threadsAndHeap() throws Exception {
    fleet = new TestFleet(folder);
    for (int i = 0; i < DEVICES; i++) {
      enroll(i);
    }
    ExecutorService callbacks = Executors.newSingleThreadExecutor();
    List<FleetDevice> devices = new ArrayList<>();
    try (Mosquitto broker = Mosquitto.start(fleet)) {
      long empty = heap();
      for (int i = 0; i < DEVICES; i++) {
        devices.add(device(i, broker.uri(), callbacks));
      }
      report("built", empty);

      long cpu = cpuNanos();
      devices.forEach(FleetDevice::start);
      await()
          .atMost(LIMIT)
          .until(() -> devices.stream().allMatch(d -> d.state() == DeviceState.ONLINE));
      System.err.printf("online: %d ms of CPU each%n", (cpuNanos() - cpu) / DEVICES / 1_000_000);
      report("online", empty);

      cpu = cpuNanos();
      List<CompletableFuture<Void>> acknowledged = devices.stream()
          .map(device -> device.telemetry("env").publish(Map.of("temperature", 21.4)))
          .toList();
      acknowledged.forEach(CompletableFuture::join);
      System.err.printf("one message: %d us of CPU each%n", (cpuNanos() - cpu) / DEVICES / 1000);
      report("after one message", empty);
      assertThat(threads().values().stream().mapToLong(Long::longValue).sum())
          .isLessThanOrEqualTo((long) THREADS_EACH * DEVICES + OTHER_THREADS);
    } finally {
      devices.parallelStream().forEach(FleetDevice::close);
      callbacks.shutdown();
    }
  }

  private void enroll(int number) throws IOException {
    Path home = Files.createDirectories(state(number).resolve("identity/0001"));
    TestPki.write(
        home,
        "own",
        fleet.deviceCa().issue("CN=d" + number + ", O=default, OU=device").build());
    Files.move(home.resolve("own.key"), home.resolve("key.pem"));
    Files.move(home.resolve("own.pem"), home.resolve("chain.pem"));
    Files.writeString(home.resolveSibling("current"), "1\n");
  }

  private Path state(int number) {
    return folder.resolve("state" + number);
  }

  private FleetDevice device(int number, URI broker, ExecutorService callbacks) {
    return FleetDevice.builder()
        .enrollment(URI.create("https://localhost:1"))
        .broker(broker)
        .trust(fleet.trust())
        .factoryIdentity(fleet.factoryKey(), fleet.factoryChain())
        .stateDirectory(state(number))
        .callbacks(callbacks)
        .mqttClient(CLIENT)
        .build();
  }

  private void report(String what, long empty) throws IOException {
    System.err.printf(
        "%s: heap %.1f KB each, RSS %d MB, threads %s%n",
        what, (heap() - empty) / 1024.0 / DEVICES, rss() / 1024, threads());
  }

  private long heap() {
    for (int i = 0; i < 3; i++) {
      System.gc();
    }
    return memory.getHeapMemoryUsage().getUsed();
  }

  /** In KB. */
  private static long rss() throws IOException {
    return Files.readAllLines(Path.of("/proc/self/status")).stream()
        .filter(line -> line.startsWith("VmRSS"))
        .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
        .findFirst()
        .orElse(0);
  }

  private static long cpuNanos() {
    return ((com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean())
        .getProcessCpuTime();
  }

  private static Map<String, Long> threads() {
    return Thread.getAllStackTraces().keySet().stream()
        .collect(Collectors.groupingBy(
            thread -> thread.getName().replaceAll("[^A-Za-z]+.*", ""),
            TreeMap::new,
            Collectors.counting()));
  }
}
