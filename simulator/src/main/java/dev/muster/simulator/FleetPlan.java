/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.simulator;

import static java.util.Objects.requireNonNull;

import dev.muster.protocol.identity.Quoted;
import dev.muster.simulator.client.Endpoints;
import dev.muster.simulator.client.MqttRelease;
import dev.muster.simulator.payload.Payload;
import dev.muster.simulator.scenario.Phase;
import dev.muster.simulator.scenario.Scenario;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What a simulated fleet is to do.
 *
 * @param client what the devices are made of
 * @param devices how many, 1 to as many as the client carries
 * @param messagesPerSecond of each device once it is online, above 0, up to 1000
 * @param payload what they send
 * @param scenario what happens to them, and for how long
 * @param enrollment the EST server, {@code https://host:port} or {@code coaps://host:port}; null:
 *     none, the devices connect with what came with them, for which they have to be light
 * @param broker {@code mqtts://host:port}, or {@code coaps://host:port} for a fleet that speaks
 *     CoAP, which is of the SDK; without a port it gets the one that is usual
 * @param mqtt what light devices speak there; the SDK speaks 5
 * @param trust the root certificate to trust, PEM
 * @param stateDirectory where each device keeps its state, in a directory of its own; a later run
 *     with the same directory finds the devices enrolled
 * @param serialPrefix what the serial numbers start with; {@code sim-} makes {@code sim-0001}, ...
 * @param seed the same seed makes the same devices with the same sensors
 */
public record FleetPlan(
    Client client,
    int devices,
    double messagesPerSecond,
    Payload payload,
    Scenario scenario,
    @Nullable URI enrollment,
    URI broker,
    MqttRelease mqtt,
    Path trust,
    Path stateDirectory,
    String serialPrefix,
    long seed) {
  private static final int MAX_RATE = 1000;
  /** Each has a socket and five threads of its own, as firmware has. */
  private static final int MAX_OVER_COAP = 200;

  private static final String COAPS = "coaps";
  private static final int COAPS_PORT = 5684;
  private static final int MQTTS_PORT = 8883;
  private static final int LAST_PORT = 65535;
  private static final Set<String> ENROLLMENT_SCHEMES = Set.of("https", COAPS);
  private static final Pattern LOOPBACK = Pattern.compile("(?i)localhost|127(\\.\\d+){3}|\\[::1]");
  private static final Pattern PREFIX = Pattern.compile("[A-Za-z0-9][A-Za-z0-9.-]{0,31}");

  /** @throws IllegalArgumentException naming the first component that is out of bounds */
  public FleetPlan {
    requireNonNull(trust, "trust");
    requireNonNull(stateDirectory, "stateDirectory");
    require(
        devices >= 1 && devices <= client.maxDevices,
        "devices",
        devices,
        "1 to " + client.maxDevices + " with the client " + client);
    require(
        messagesPerSecond > 0 && messagesPerSecond <= MAX_RATE,
        "messagesPerSecond",
        messagesPerSecond,
        "above 0, up to " + MAX_RATE);
    requireNonNull(payload, "payload");
    Double offline = scenario.expectations().offlineAtEnd();
    require(
        offline == null || offline < devices,
        "offline-at-end",
        offline == null ? 0 : offline,
        "fewer than there are devices, " + devices);
    scenario.phases().forEach(phase -> requireFits(phase, client, enrollment != null));
    require(
        client == Client.LIGHT || mqtt == MqttRelease.V5,
        "mqtt",
        mqtt,
        "5 with the client " + client);
    require(
        enrollment == null
            ? client == Client.LIGHT
            : ENROLLMENT_SCHEMES.contains(String.valueOf(enrollment.getScheme()))
                && enrollment.getHost() != null,
        "enrollment",
        String.valueOf(enrollment),
        "https://host:port or coaps://host:port");
    if (COAPS.equals(broker.getScheme())) {
      require(client == Client.SDK, "client", client, "sdk, over CoAP");
      require(devices <= MAX_OVER_COAP, "devices", devices, "1 to 200 over CoAP");
    } else {
      require("mqtts".equals(broker.getScheme()), "broker", broker, "mqtts://host:port");
    }
    broker = withPort(broker);
    if (client == Client.SDK) {
      for (Phase phase : scenario.phases()) {
        if (phase.isOfTheNetwork()) {
          requireHere(broker, phase);
        }
      }
    }
    require(
        PREFIX.matcher(serialPrefix).matches(),
        "serialPrefix",
        Quoted.of(serialPrefix),
        "1 to 32 of [A-Za-z0-9.-], starting with a letter or digit");
  }

  /**
   * A broker's URL, with the port that is usual if it names none.
   *
   * @throws IllegalArgumentException if it names no host, or a port that cannot be
   */
  public static URI withPort(URI broker) {
    int usual = COAPS.equals(broker.getScheme()) ? COAPS_PORT : MQTTS_PORT;
    int port = broker.getPort() < 0 ? usual : broker.getPort();
    // Of a name with an underscore, as in some networks of containers, a URI knows no host.
    require(
        broker.getHost() != null && port >= 1 && port <= LAST_PORT,
        "broker",
        broker,
        "like mqtts://broker.example:8883, with a host of letters, digits, dots and hyphens");
    return broker.getPort() == port
        ? broker
        : URI.create(broker.getScheme() + "://" + broker.getHost() + ":" + port);
  }

  private static void requireFits(Phase phase, Client client, boolean backend) {
    require(
        !phase.length().isNegative(),
        phase.name(),
        phase.length(),
        "a length that is not negative");
    require(
        client == Client.LIGHT || phase.forAnyClient(),
        "client",
        client,
        "light, because the scenario has the phase " + phase.name());
    require(
        backend || !phase.needsBackend(),
        "phases",
        phase.name(),
        "none that takes more than a broker");
  }

  /**
   * Devices of the SDK meet a bad network in a proxy on this machine; a broker's certificate is for
   * the name by which they look for it.
   */
  private static void requireHere(URI broker, Phase phase) {
    require(
        "mqtts".equals(broker.getScheme())
            && broker.getHost() != null
            && LOOPBACK.matcher(broker.getHost()).matches(),
        "broker",
        broker,
        "mqtts://localhost:port with the client sdk, because the scenario has the phase "
            + phase.name());
  }

  /** Whether something is done to the network between devices and broker. */
  boolean hasFaultyNetwork() {
    return scenario.phases().stream().anyMatch(Phase::isOfTheNetwork);
  }

  /** How long the run lasts, from the first start to the last measurement. */
  Duration duration() {
    return scenario.length();
  }

  /** What a virtual device is made of. */
  public enum Client {
    /** The device SDK, with its journal and its threads. */
    SDK(1_000),
    /** The bare protocols on an event loop; thousands in a process, and no journal. */
    LIGHT(100_000);

    private final int maxDevices;

    Client(int maxDevices) {
      this.maxDevices = maxDevices;
    }

    /** As it is written on the command line. */
    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  private static void require(boolean holds, String name, Object value, String expected) {
    if (!holds) {
      throw new IllegalArgumentException(name + ": " + value + " (expected: " + expected + ")");
    }
  }

  /** Where the devices go, and what they know. */
  Endpoints endpoints() {
    return new Endpoints(enrollment, broker, mqtt, trust, stateDirectory, seed);
  }

  /**
   * The serial number of a device, counted from 0: the prefix and at least four digits from 0001.
   */
  public String serial(int index) {
    return String.format("%s%04d", serialPrefix, index + 1);
  }
}
