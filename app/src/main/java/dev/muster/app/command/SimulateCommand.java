/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.command;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.muster.app.UserError;
import dev.muster.app.admin.OperatorAccess;
import dev.muster.app.backend.Endpoints;
import dev.muster.app.config.Durations;
import dev.muster.app.operator.OperatorClient;
import dev.muster.protocol.file.PemFile;
import dev.muster.simulator.FleetPlan;
import dev.muster.simulator.client.MqttRelease;
import dev.muster.simulator.payload.Payload;
import dev.muster.simulator.report.Comparison;
import dev.muster.simulator.report.HtmlReport;
import dev.muster.simulator.scenario.Scenario;
import dev.muster.simulator.scenario.ScenarioFile;
import dev.muster.simulator.server.LocalServer;
import dev.muster.simulator.server.ServerAccess;
import dev.muster.simulator.server.ServerFaultException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Load from a simulated fleet, and a check that nothing acknowledged was lost. */
@Command(
    name = "simulate",
    subcommands = SimulateCommand.Compare.class,
    description =
        "Let a simulated fleet enroll, connect and report; then look up that nothing acknowledged is missing.")
public final class SimulateCommand implements Callable<Integer> {
  private static final Duration RAMP_UP = Duration.ofSeconds(5);
  private static final int MOST_SDK_DEVICES = 200;
  private static final int DEVICES = 25;
  private static final double RATE = 1;
  private static final Duration DURATION = Duration.ofSeconds(30);

  /** After Ctrl-C: until somebody is told what is going on, and until it ends anyhow. */
  private static final Duration QUIET = Duration.ofSeconds(2);

  private static final Duration LOOK_UP = Duration.ofMinutes(5);

  @Mixin
  OperatorAccess access = new OperatorAccess();

  @Option(names = "--ca", paramLabel = "FILE", description = "Short for --server-ca.")
  void trust(Path ca) {
    access.trust(ca);
  }

  @Option(
      names = "--scenario",
      paramLabel = "FILE",
      description =
          "What happens to the fleet, phase by phase: see docs/simulator.md. Options given beside it outweigh it.")
  @Nullable Path scenario;

  @Option(
      names = "--devices",
      paramLabel = "N",
      description = "How many devices (default: as the scenario says, or 25).")
  @Nullable Integer devices;

  @Option(
      names = "--client",
      paramLabel = "sdk|light",
      description =
          "What devices are made of: the device SDK, for up to 1000, or the bare protocols on an event loop, for thousands (default: sdk up to 200 devices without a scenario, else light).")
  FleetPlan.@Nullable Client client;

  @Option(
      names = "--transport",
      paramLabel = "mqtt|coap",
      description =
          "What devices speak: EST over HTTPS and MQTT, or CoAP for both, up to 200 devices of the SDK (default: ${DEFAULT-VALUE}).")
  Transport transport = Transport.MQTT;

  @Option(
      names = "--rate",
      paramLabel = "R",
      description = "Messages per second of each device (default: as the scenario says, or 1).")
  @Nullable Double rate;

  @Option(
      names = "--for",
      paramLabel = "DURATION",
      converter = Durations.class,
      description = "How long, for example 30s or 10m (default: 30s); not with a scenario.")
  @Nullable Duration duration;

  @Option(
      names = "--ramp-up",
      paramLabel = "DURATION",
      converter = Durations.class,
      description =
          "Over how long the starts are spread (default: 5s, at most half the run); not with a scenario.")
  @Nullable Duration rampUp;

  @Option(
      names = "--seed",
      paramLabel = "N",
      description = "Same seed, same devices (default: random, and printed).")
  @Nullable Long seed;

  @Option(
      names = "--est",
      paramLabel = "URL",
      description =
          "EST server, https or coaps (default: the server's host, port 8443; over CoAP, 5684).")
  @Nullable URI est;

  @Option(
      names = "--mqtt",
      paramLabel = "URL",
      description = "MQTT broker (default: the server's host, port 8883).")
  @Nullable URI mqtt;

  @Option(
      names = "--coap",
      paramLabel = "URL",
      description =
          "Where telemetry goes over CoAP (default: the server's host, port 5685); with --transport coap.")
  @Nullable URI coap;

  @Option(
      names = "--mqtt-version",
      paramLabel = "3.1.1|5",
      description =
          "What light devices speak (default: ${DEFAULT-VALUE}); what was stored of 3.1.1 is not looked up, because nothing in it tells a message from another.")
  MqttRelease release = MqttRelease.V5;

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

  @Option(
      names = "--report",
      paramLabel = "FILE",
      description =
          "Write the report as a page: throughput, latency, connections, errors, and what the server's process took if it runs here.")
  @Nullable Path report;

  @Option(names = "--json", description = "Print the report as JSON.")
  boolean json;

  @Option(
      names = "--allow-commands",
      description =
          "Run the commands that stand in the scenario: the server's, and hooks. Read them first.")
  boolean allowCommands;

  @Override
  public Integer call() {
    Terminal.quiet();
    ScenarioFile asked = asked();
    String command = asked.server();
    if (command == null) {
      return run(asked, null);
    }
    try (LocalServer server = launch(command)) {
      return run(asked, server);
    } catch (ServerFaultException e) {
      throw new UserError(e.getMessage());
    }
  }

  private ScenarioFile asked() {
    ScenarioFile asked;
    try {
      asked = scenario == null ? plain() : fromFile(scenario);
    } catch (IllegalArgumentException e) {
      throw new UserError(e.getMessage());
    }
    if (!allowCommands && !asked.commands().isEmpty()) {
      throw new UserError("--scenario: " + scenario + " runs commands on this machine (expected:"
          + " --allow-commands, by whoever has read them):\n  "
          + String.join("\n  ", asked.commands()));
    }
    return asked;
  }

  private LocalServer launch(String command) {
    return LocalServer.launch(
        command, Map.of("DATA", access.data().toString()), log("server.log"), brokerAddress());
  }

  /**
   * Of this run, and of no other with another server; and not in the data directory, which the
   * server may have to make.
   */
  Path log(String name) {
    Path data = access.data();
    return state == null
        ? data.resolveSibling(data.getFileName() + "." + name)
        : state.resolve(name);
  }

  /** Null if it is known when the server serves. */
  private @Nullable InetSocketAddress brokerAddress() {
    if (mqtt == null) {
      return null;
    }
    try {
      URI broker = FleetPlan.withPort(mqtt);
      return new InetSocketAddress(broker.getHost(), broker.getPort());
    } catch (IllegalArgumentException e) {
      throw new UserError(e.getMessage());
    }
  }

  /** However it ends, nothing that was done to the server lasts longer. */
  private Integer run(ScenarioFile asked, @Nullable LocalServer server) {
    Path store = access.server() == null && !brokerOnly ? access.data() : null;
    ServerAccess faults = new ServerAccess(server, store, log("hooks.log"));
    AtomicReference<@Nullable SimulatedFleet> running = new AtomicReference<>();
    CountDownLatch told = new CountDownLatch(1);
    Runnable ended = Shutdown.onSignal(
        () -> {
          SimulatedFleet fleet = running.get();
          if (fleet != null) {
            fleet.stop();
          }
        },
        () -> {
          faults.undo();
          if (running.get() != null) {
            awaitReport(told, server);
          }
          if (server != null) {
            server.close();
          }
        });
    try {
      if (server != null) {
        server.awaitReady();
      }
      return run(plan(asked), asked.text(), faults, running);
    } finally {
      faults.undo();
      told.countDown();
      ended.run();
    }
  }

  /** What a long run has shown until somebody ends it is worth a while. */
  private static void awaitReport(CountDownLatch told, @Nullable LocalServer server) {
    if (!Shutdown.await(told, QUIET)) {
      System.err.println("muster: looking up what was acknowledged, for at most "
          + LOOK_UP.toMinutes() + " minutes (kill -9 " + ProcessHandle.current().pid()
          + " ends it at once" + (server == null ? "" : ", and leaves the server running")
          + ") ...");
      Shutdown.await(told, LOOK_UP);
    }
  }

  private Integer run(
      FleetPlan plan,
      @Nullable String text,
      ServerAccess faults,
      AtomicReference<@Nullable SimulatedFleet> running) {
    // Now, and not after hours. It may be beside what the server has just made.
    if (report != null) {
      requireWritable(report);
    }
    OperatorClient operator = operator();
    requireTrust(plan.trust());
    try (SimulatedFleet fleet =
        new SimulatedFleet(operator, "sim", "simulated", plan, faults, Clock.systemUTC())) {
      running.set(fleet);
      SimulatedFleet.Outcome outcome =
          FleetProgress.watch(plan.scenario().phases().size(), fleet);
      ObjectNode run = outcome.toJson().put("scenarioText", text);
      System.out.println(json ? run.toPrettyString() : outcome.toText());
      if (report != null) {
        write(report, HtmlReport.page(run));
      }
      return outcome.exitCode();
    }
  }

  private static void requireWritable(Path file) {
    Path folder = file.toAbsolutePath().getParent();
    if (folder == null
        || Files.isDirectory(file)
        || !Files.isWritable(Files.exists(file) ? file : folder)) {
      throw new UserError("--report: " + file
          + " cannot be written (expected: a file in a directory that exists, and may be written)");
    }
  }

  /** Devices would find out one by one, or not say which file it is. */
  private static void requireTrust(Path root) {
    try {
      if (PemFile.certificates(root).stream().anyMatch(one -> one.getBasicConstraints() < 0)) {
        throw new UserError("--ca: " + root + " (expected: the root certificate, which is a CA)");
      }
    } catch (IllegalArgumentException | UncheckedIOException e) {
      throw new UserError("--ca: " + e.getMessage());
    }
  }

  private static void write(Path file, String page) {
    try {
      Files.writeString(file, page);
    } catch (IOException e) {
      throw new UserError(file + ": cannot be written (" + e + ")");
    }
  }

  private @Nullable OperatorClient operator() {
    return brokerOnly ? null : access.connect();
  }

  private FleetPlan plan(ScenarioFile asked) {
    try {
      int count = first(devices, asked.devices(), DEVICES);
      FleetPlan.Client made = client(count);
      FileHandles.require(made, count, asked.scenario().phases());
      return new FleetPlan(
          made,
          count,
          first(rate, asked.messagesPerSecond(), RATE),
          first(null, asked.payload(), Payload.DAY_CURVE),
          asked.scenario(),
          brokerOnly ? null : estUrl(),
          brokerUrl(),
          release,
          access.trustedRoot(),
          stateDirectory(),
          // A device enrolls once; the other client would come with a second key.
          made == FleetPlan.Client.SDK ? "dev-" : "light-",
          seed != null ? seed : new SecureRandom().nextLong() & Long.MAX_VALUE);
    } catch (IllegalArgumentException e) {
      throw new UserError(e.getMessage());
    }
  }

  private ScenarioFile plain() {
    Duration length = first(duration, null, DURATION);
    Duration ramp = first(rampUp, null, shorter(RAMP_UP, length.dividedBy(2)));
    return new ScenarioFile(Scenario.plain(length, ramp), null, null, null, null, null);
  }

  private ScenarioFile fromFile(Path file) {
    if (duration != null || rampUp != null) {
      throw new UserError(
          "--for and --ramp-up: not with --scenario (expected: the lengths of its phases)");
    }
    return ScenarioFile.read(file);
  }

  private static <T> T first(@Nullable T one, @Nullable T other, T otherwise) {
    return one != null ? one : other != null ? other : otherwise;
  }

  private FleetPlan.Client client(int count) {
    if (brokerOnly && client == FleetPlan.Client.SDK) {
      throw new UserError("--client: sdk (expected: light, with --broker-only)");
    }
    if (brokerOnly && transport == Transport.COAP) {
      throw new UserError("--transport: coap (expected: mqtt, with --broker-only)");
    }
    if (client != null) {
      return client;
    }
    if (transport == Transport.COAP) {
      return FleetPlan.Client.SDK;
    }
    return brokerOnly || scenario != null || count > MOST_SDK_DEVICES
        ? FleetPlan.Client.LIGHT
        : FleetPlan.Client.SDK;
  }

  private static Duration shorter(Duration one, Duration other) {
    return one.compareTo(other) < 0 ? one : other;
  }

  private URI estUrl() {
    if (est != null) {
      return est;
    }
    if (transport == Transport.COAP) {
      return coapsUrl("ports.coaps", Endpoints::coaps, 5684);
    }
    return access.server() == null
        ? Endpoints.read(access.data()).estUrl()
        : URI.create("https://" + access.server().getHost() + ":8443");
  }

  private URI brokerUrl() {
    if (transport == Transport.MQTT) {
      return mqttUrl();
    }
    return coap != null ? coap : coapsUrl("ports.telemetryCoaps", Endpoints::telemetryCoaps, 5685);
  }

  /** @param setting is off unless somebody gave a port */
  private URI coapsUrl(String setting, Function<Endpoints, @Nullable Integer> port, int usual) {
    URI server = access.server();
    if (server != null) {
      return URI.create("coaps://" + server.getHost() + ":" + usual);
    }
    Integer listens = port.apply(Endpoints.read(access.data()));
    if (listens == null) {
      throw new UserError(
          setting + ": none (expected: a port, for --transport coap)",
          "start the server with: muster serve --set ports.coaps=5684 --set ports.telemetryCoaps=5685");
    }
    return URI.create("coaps://localhost:" + listens);
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

  enum Transport {
    MQTT,
    COAP;

    /** As it is written on the command line. */
    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /** Two runs side by side. */
  @Command(
      name = "compare",
      description =
          "Set two runs side by side; files are what simulate --json printed, or --report wrote.")
  static final class Compare implements Callable<Integer> {
    @Parameters(index = "0", paramLabel = "A", description = "A run.")
    Path first = Path.of("");

    @Parameters(index = "1", paramLabel = "B", description = "Another; ratios are B / A.")
    Path second = Path.of("");

    @Option(names = "--json", description = "Print the rows as JSON.")
    boolean json;

    @Override
    public Integer call() {
      try {
        List<Comparison.Row> rows = Comparison.of(Comparison.read(first), Comparison.read(second));
        System.out.println(
            json ? new ObjectMapper().valueToTree(rows).toPrettyString() : Comparison.toText(rows));
        return 0;
      } catch (IllegalArgumentException e) {
        throw new UserError(e.getMessage());
      }
    }
  }
}
