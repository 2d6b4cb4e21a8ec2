/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.command;

import dev.muster.app.UserError;
import dev.muster.app.backend.Backend;
import dev.muster.app.backend.Endpoints;
import dev.muster.app.config.Durations;
import dev.muster.app.config.MusterConfig;
import dev.muster.app.data.DataDirectory;
import dev.muster.app.operator.OperatorClient;
import dev.muster.simulator.FleetPlan;
import dev.muster.simulator.client.MqttRelease;
import dev.muster.simulator.payload.Payload;
import dev.muster.simulator.scenario.Scenario;
import dev.muster.simulator.server.ServerAccess;
import java.io.PrintStream;
import java.net.URI;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.EnumSet;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Everything on one machine, with a small simulated fleet. */
@Command(
    name = "demo",
    description =
        "Run the whole system on this machine with a small simulated fleet, and tell what to try.")
public final class DemoCommand implements Callable<Integer> {
  private static final Duration UNTIL_STOPPED = Duration.ofDays(365);
  private static final Duration RAMP_UP = Duration.ofSeconds(3);
  private static final String MANUFACTURER = "demo";
  private static final String SERIAL_PREFIX = "room-";
  private static final long SEED = 1;

  @Mixin
  DataOptions options = new DataOptions("muster-demo");

  @Option(
      names = "--devices",
      paramLabel = "N",
      defaultValue = "25",
      description = "How many devices (default: ${DEFAULT-VALUE}).")
  int devices = 25;

  @Option(
      names = "--for",
      paramLabel = "DURATION",
      converter = Durations.class,
      description = "End by itself after, for example, 30s (default: at Ctrl-C).")
  @Nullable Duration duration;

  @Option(
      names = "--json",
      description = "Print a summary as JSON at the end, and nothing else on stdout.")
  boolean json;

  @Override
  public Integer call() {
    Terminal.quiet();
    Clock clock = Clock.systemUTC();
    // A demonstration is for this machine alone.
    MusterConfig config = options.read(Map.of("host", "127.0.0.1"));
    DataDirectory data = DataDirectory.openOrCreate(options.data(), config, clock);
    CountDownLatch told = new CountDownLatch(1);
    try (Backend backend = Backend.start(data, config, EnumSet.allOf(Backend.Role.class), clock)) {
      introduce(backend, data.path(), json ? System.err : System.out);
      FleetPlan plan = plan(backend.endpoints(), data);
      try (SimulatedFleet fleet = new SimulatedFleet(
          OperatorClient.local(data.path()),
          MANUFACTURER,
          MANUFACTURER,
          plan,
          ServerAccess.none(),
          clock)) {
        Runnable ended = Shutdown.onSignal(() -> {
          fleet.stopAtOnce();
          Shutdown.await(told, Shutdown.LIMIT);
        });
        SimulatedFleet.Outcome outcome = FleetProgress.watch(
            duration == null ? null : plan.scenario().phases().size(), fleet);
        ended.run();
        System.out.println(json ? outcome.toJson().toPrettyString() : outcome.toText());
        return outcome.exitCode();
      }
    } finally {
      told.countDown();
    }
  }

  private FleetPlan plan(Endpoints endpoints, DataDirectory data) {
    Duration length = duration == null ? UNTIL_STOPPED : duration;
    Duration half = length.dividedBy(2);
    try {
      return new FleetPlan(
          FleetPlan.Client.SDK,
          devices,
          1,
          Payload.DAY_CURVE,
          Scenario.plain(length, RAMP_UP.compareTo(half) < 0 ? RAMP_UP : half),
          endpoints.estUrl(),
          endpoints.mqttUrl(),
          MqttRelease.V5,
          data.resolve("trust/root.pem"),
          data.resolve("simulator"),
          SERIAL_PREFIX,
          SEED);
    } catch (IllegalArgumentException e) {
      throw new UserError(e.getMessage());
    }
  }

  private void introduce(Backend backend, Path data, PrintStream out) {
    Endpoints at = backend.endpoints();
    URI dashboard = backend.setUpUrl().orElse(at.operatorUrl());
    String device = MANUFACTURER + "-" + SERIAL_PREFIX + "0001";
    out.printf(
        """
        The whole system runs on this machine, with %1$d simulated devices.

          dashboard             %9$s
          enrollment (EST)      %2$s/.well-known/est
          MQTT, mutual TLS      %3$s
          operator API          %4$s/api/v1
          revocation lists      http://localhost:%5$d/crl/device.crl
          health and metrics    http://localhost:%6$d/health  http://localhost:%6$d/metrics

        The dashboard's certificate is of the CA in %7$s/trust/root.pem: let your browser trust that, or pass
        its warning. Programs come in with a token, such as the one in %7$s/admin-token:

          curl --cacert %7$s/trust/root.pem -H "Authorization: Bearer $(cat %7$s/admin-token)" %4$s/api/v1/health

        Three things to try, in another terminal:

          ./muster admin devices list --data %7$s
          ./muster admin telemetry latest %8$s --data %7$s
          ./muster admin certificates list --device %8$s --data %7$s    (then: certificates revoke SERIAL)

        Ctrl-C stops everything.

        """,
        devices,
        at.estUrl(),
        at.mqttUrl(),
        at.operatorUrl(),
        at.http(),
        at.metrics(),
        data,
        device,
        dashboard);
    out.flush();
  }
}
