/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.command;

import dev.muster.app.UserError;
import dev.muster.app.admin.OperatorAccess;
import dev.muster.app.backend.Endpoints;
import dev.muster.app.config.Durations;
import dev.muster.app.operator.OperatorClient;
import dev.muster.simulator.FleetPlan;
import java.net.URI;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Load from a simulated fleet, and a check that nothing acknowledged was lost. */
@Command(
    name = "simulate",
    description =
        "Let a simulated fleet enroll, connect and report; then look up that nothing acknowledged is missing.")
public final class SimulateCommand implements Callable<Integer> {
  private static final Duration RAMP_UP = Duration.ofSeconds(5);
  private static final int MOST_SDK_DEVICES = 200;

  @Mixin
  OperatorAccess access = new OperatorAccess();

  @Option(names = "--ca", paramLabel = "FILE", description = "Short for --server-ca.")
  void trust(Path ca) {
    access.trust(ca);
  }

  @Option(
      names = "--devices",
      paramLabel = "N",
      defaultValue = "25",
      description = "How many devices (default: ${DEFAULT-VALUE}).")
  int devices = 25;

  @Option(
      names = "--client",
      paramLabel = "sdk|light",
      description =
          "What devices are made of: the device SDK, for up to 1000, or the bare protocols on an event loop, for thousands (default: sdk up to 200 devices, else light).")
  FleetPlan.@Nullable Client client;

  @Option(
      names = "--rate",
      paramLabel = "R",
      defaultValue = "1",
      description = "Messages per second of each device (default: ${DEFAULT-VALUE}).")
  double rate = 1;

  @Option(
      names = "--for",
      paramLabel = "DURATION",
      defaultValue = "30s",
      converter = Durations.class,
      description = "How long, for example 30s or 10m (default: ${DEFAULT-VALUE}).")
  Duration duration = Duration.ofSeconds(30);

  @Option(
      names = "--ramp-up",
      paramLabel = "DURATION",
      converter = Durations.class,
      description = "Over how long the starts are spread (default: 5s, at most half the run).")
  @Nullable Duration rampUp;

  @Option(
      names = "--seed",
      paramLabel = "N",
      description = "Same seed, same devices (default: random, and printed).")
  @Nullable Long seed;

  @Option(
      names = "--est",
      paramLabel = "URL",
      description = "EST server (default: the server's host, port 8443).")
  @Nullable URI est;

  @Option(
      names = "--mqtt",
      paramLabel = "URL",
      description = "MQTT broker (default: the server's host, port 8883).")
  @Nullable URI mqtt;

  @Option(
      names = "--broker-only",
      description =
          "There is an MQTT broker and nothing else, at --mqtt, with its root in --ca: devices come with certificates of STATE/factory/ca.pem, which the broker has to trust; what it stored is not looked up.")
  boolean brokerOnly;

  @Option(
      names = "--state",
      paramLabel = "DIR",
      description =
          "Where factory and devices keep their state (default: DATA/simulator, or muster-simulator).")
  @Nullable Path state;

  @Option(names = "--json", description = "Print the report as JSON.")
  boolean json;

  @Override
  public Integer call() {
    Terminal.quiet();
    Thread main = Thread.currentThread();
    try (SimulatedFleet fleet =
        new SimulatedFleet(operator(), "sim", "simulated", plan(), Clock.systemUTC())) {
      Runnable ended = Shutdown.onSignal(() -> {
        fleet.stop();
        Shutdown.join(main);
      });
      SimulatedFleet.Outcome outcome = FleetProgress.watch(devices, duration, fleet);
      ended.run();
      System.out.println(json ? outcome.toJson().toPrettyString() : outcome.toText());
      return outcome.passed() ? 0 : 1;
    }
  }

  private @Nullable OperatorClient operator() {
    return brokerOnly ? null : access.connect();
  }

  private FleetPlan plan() {
    Duration ramp = rampUp != null ? rampUp : shorter(RAMP_UP, duration.dividedBy(2));
    FleetPlan.Client made = client();
    try {
      return new FleetPlan(
          made,
          devices,
          rate,
          duration,
          ramp,
          brokerOnly ? null : estUrl(),
          mqttUrl(),
          access.trustedRoot(),
          stateDirectory(),
          // A device enrolls once; the other client would come with a second key.
          made == FleetPlan.Client.SDK ? "dev-" : "light-",
          seed != null ? seed : new SecureRandom().nextLong() & Long.MAX_VALUE);
    } catch (IllegalArgumentException e) {
      throw new UserError(e.getMessage());
    }
  }

  private FleetPlan.Client client() {
    if (brokerOnly && client == FleetPlan.Client.SDK) {
      throw new UserError("--client: sdk (expected: light, with --broker-only)");
    }
    if (client != null) {
      return client;
    }
    return brokerOnly || devices > MOST_SDK_DEVICES ? FleetPlan.Client.LIGHT : FleetPlan.Client.SDK;
  }

  private static Duration shorter(Duration one, Duration other) {
    return one.compareTo(other) < 0 ? one : other;
  }

  private URI estUrl() {
    if (est != null) {
      return est;
    }
    return access.server() == null
        ? Endpoints.read(access.data()).estUrl()
        : URI.create("https://" + access.server().getHost() + ":8443");
  }

  private URI mqttUrl() {
    if (mqtt != null) {
      return mqtt;
    }
    if (brokerOnly) {
      throw new UserError("--mqtt: missing (expected: mqtts://host:port, with --broker-only)");
    }
    return access.server() == null
        ? Endpoints.read(access.data()).mqttUrl()
        : URI.create("mqtts://" + access.server().getHost() + ":8883");
  }

  private Path stateDirectory() {
    if (state != null) {
      return state;
    }
    return access.server() == null && !brokerOnly
        ? access.data().resolve("simulator")
        : Path.of("muster-simulator");
  }
}
