/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.muster.app.backend.Endpoints;
import dev.muster.app.operator.OperatorClient;
import dev.muster.device.DeviceClosedException;
import dev.muster.device.DeviceState;
import dev.muster.device.FleetDevice;
import dev.muster.hardware.factory.Factory;
import dev.muster.protocol.file.PemFile;
import dev.muster.protocol.identity.DeviceId;
import dev.muster.protocol.telemetry.MessageIdentity;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * Devices of a manufacturer {@code acme} that publish without end, and what they were told is
 * stored. Each has its files in {@code FOLDER/SN-n} and its state in {@code FOLDER/SN-n-state}.
 */
final class PublishingFleet implements AutoCloseable {
  private final Path folder;
  private final URI broker;
  /** Grows while the load goes over it. */
  private final List<FleetDevice> devices = new CopyOnWriteArrayList<>();

  private final List<Path> states = new ArrayList<>();
  private final Map<DeviceId, Set<MessageIdentity>> acknowledged = new ConcurrentHashMap<>();
  private final Queue<Throwable> failures = new ConcurrentLinkedQueue<>();
  private final ScheduledExecutorService load = Executors.newSingleThreadScheduledExecutor();

  private PublishingFleet(Path folder, URI broker) {
    this.folder = folder;
    this.broker = broker;
  }

  /** Makes the factory, has the backend in {@code folder} trust it, and starts its devices. */
  static PublishingFleet start(Path folder, int size, Duration interval) {
    return start(
        folder, size, interval, Endpoints.read(folder.resolve("muster-data")).mqttUrl());
  }

  /** As the other; @param broker where the devices find it, or what stands before it */
  static PublishingFleet start(Path folder, int size, Duration interval, URI broker) {
    // Not by commands: a JVM for each takes seconds.
    Factory factory = Factory.init(folder.resolve("acme"), "acme", Clock.systemUTC());
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
    PublishingFleet fleet = new PublishingFleet(folder, broker);
    fleet.copyRoot();
    for (int i = 0; i < size; i++) {
      factory.issue("SN-" + i, folder.resolve("SN-" + i));
      fleet.startDevice("SN-" + i, broker);
    }
    fleet.load.scheduleAtFixedRate(fleet::publish, 0, interval.toMillis(), TimeUnit.MILLISECONDS);
    return fleet;
  }

  private Path data() {
    return folder.resolve("muster-data");
  }

  /** Devices have what they were given in the factory, whatever becomes of the installation's. */
  private void copyRoot() {
    try {
      Files.copy(data().resolve("trust/root.pem"), root());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The root that the devices were given. */
  Path root() {
    return folder.resolve("first-root.pem");
  }

  /** One more device of the factory. */
  FleetDevice startAnother(String serial) {
    return startAnother(serial, broker);
  }

  /** As the other; @param broker where this device finds it, also over another transport */
  FleetDevice startAnother(String serial, URI broker) {
    Factory.open(folder.resolve("acme"), Clock.systemUTC()).issue(serial, folder.resolve(serial));
    return startDevice(serial, broker);
  }

  /** A device of the factory as it was configured, with anchors that it is given now. */
  FleetDevice device(String serial, Path anchors) {
    return device(serial, broker, anchors);
  }

  private FleetDevice device(String serial, URI at, Path anchors) {
    return FleetDevice.builder()
        .enrollment(Endpoints.read(data()).estUrl())
        .broker(at)
        .trust(anchors)
        .factoryIdentity(
            folder.resolve(serial).resolve("device.key"),
            folder.resolve(serial).resolve("chain.pem"))
        .stateDirectory(folder.resolve(serial + "-state"))
        .build();
  }

  private FleetDevice startDevice(String serial, URI at) {
    FleetDevice device = device(serial, at, root());
    states.add(folder.resolve(serial + "-state"));
    device.start();
    devices.add(device);
    return device;
  }

  /** What it throws would end the schedule without a word. */
  private void publish() {
    try {
      devices.forEach(this::publish);
    } catch (RuntimeException e) {
      failures.add(e);
    }
  }

  private void publish(FleetDevice device) {
    var receipt = device.telemetry("load").send(Map.of("n", 1));
    receipt.acknowledged().whenComplete((stored, failure) -> {
      if (failure == null) {
        device.subject().ifPresent(subject -> remember(subject.device(), receipt.identity()));
      } else if (!(failure instanceof DeviceClosedException)) {
        failures.add(failure);
      }
    });
  }

  private void remember(DeviceId device, MessageIdentity identity) {
    acknowledged.computeIfAbsent(device, id -> ConcurrentHashMap.newKeySet()).add(identity);
  }

  /** How many messages were acknowledged, of all devices. */
  int acknowledged() {
    return acknowledged.values().stream().mapToInt(Set::size).sum();
  }

  /** How many messages of one device were acknowledged. */
  int acknowledged(FleetDevice device) {
    return device
        .subject()
        .map(subject -> acknowledged.getOrDefault(subject.device(), Set.of()).size())
        .orElse(0);
  }

  /** Whether all devices are connected. */
  boolean isOnline() {
    return devices.stream().allMatch(device -> device.state() == DeviceState.ONLINE);
  }

  /** Whether all devices have a certificate. */
  boolean isEnrolled() {
    return devices.stream().allMatch(device -> device.subject().isPresent());
  }

  /** How often connections ended that a device wanted to keep, or did not come about. */
  long cutOff() {
    return devices.stream()
        .flatMap(device -> device.statistics().connectionEnds().values().stream())
        .mapToLong(Long::longValue)
        .sum();
  }

  /** Ends the load. What is not acknowledged by then is given up. */
  @Override
  public void close() {
    load.shutdownNow();
    devices.forEach(FleetDevice::close);
  }

  /** Where each device keeps its identities and what it trusts. */
  List<Path> states() {
    return List.copyOf(states);
  }

  /** All certificates that devices have kept. */
  List<X509Certificate> certificates() {
    return states.stream()
        .flatMap(PublishingFleet::kept)
        .map(chain -> PemFile.certificates(chain).get(0))
        .toList();
  }

  private static Stream<Path> kept(Path state) {
    try (Stream<Path> files = Files.walk(state.resolve("identity"))) {
      return files.filter(file -> file.endsWith("chain.pem")).toList().stream();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** No message was refused, and all that were acknowledged are stored, once. */
  void assertStoredOnce(OperatorClient operator, String as) {
    assertThat(failures).as(as).isEmpty();
    acknowledged.forEach((device, identities) -> {
      List<MessageIdentity> stored = stored(operator, device);
      assertThat(stored).as("%s, %s: stored once", as, device).doesNotHaveDuplicates();
      assertThat(stored).as("%s, %s: nothing lost", as, device).containsAll(identities);
    });
  }

  private static List<MessageIdentity> stored(OperatorClient operator, DeviceId device) {
    List<MessageIdentity> identities = new ArrayList<>();
    String first = "devices/" + device + "/messages?limit=1000";
    String page = first;
    while (page != null) {
      JsonNode answer = operator.get(page);
      answer
          .path("messages")
          .forEach(m -> identities.add(
              new MessageIdentity(m.path("boot").asText(), m.path("sequence").asLong())));
      page = answer.hasNonNull("next") ? first + "&after=" + answer.path("next").asText() : null;
    }
    return identities;
  }
}
