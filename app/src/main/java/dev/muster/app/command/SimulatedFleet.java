/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.command;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.muster.app.Muster;
import dev.muster.app.UserError;
import dev.muster.app.operator.OperatorClient;
import dev.muster.hardware.factory.Factory;
import dev.muster.hardware.factory.FactoryException;
import dev.muster.protocol.file.Pem;
import dev.muster.simulator.FleetOperator;
import dev.muster.simulator.FleetPlan;
import dev.muster.simulator.LossLedger;
import dev.muster.simulator.ProgressListener;
import dev.muster.simulator.RunReport;
import dev.muster.simulator.ServerProcess;
import dev.muster.simulator.Simulation;
import dev.muster.simulator.Verdict;
import dev.muster.simulator.client.FactoryIdentity;
import dev.muster.simulator.client.MqttRelease;
import dev.muster.simulator.report.RunJson;
import dev.muster.simulator.server.ServerAccess;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.LongPredicate;
import org.jspecify.annotations.Nullable;

/**
 * A simulated fleet with a factory of its own, held to account by what the operator API says is
 * stored.
 *
 * <p>It comes in as any fleet does: its manufacturer is registered over the operator API, its
 * devices enroll with the IDevIDs of that factory.
 */
final class SimulatedFleet implements AutoCloseable {
  private static final ObjectMapper JSON = new ObjectMapper();
  /** Since something was stored that had been missing. */
  private static final Duration STORE_LIMIT = Duration.ofSeconds(60);

  /** For one page; a backend that is gone is not waited for. */
  private static final Duration ANSWER_LIMIT = Duration.ofSeconds(10);

  private static final Duration STORE_POLL = Duration.ofSeconds(1);

  private static final String BROKER_ONLY = "there is only a broker";
  private static final String NO_IDENTITY =
      "over MQTT 3.1.1 a stored message cannot be told from another";
  private static final List<String> CANNOT_BE = List.of(BROKER_ONLY, NO_IDENTITY);

  private final @Nullable OperatorClient operator;
  private final @Nullable String serverVersion;
  private final FleetPlan plan;
  private final Clock clock;
  private final Path identities;
  private final Factory factory;
  private final ServerAccess server;
  private final Simulation simulation;
  private final CountDownLatch stopped = new CountDownLatch(1);

  /**
   * How a run went, and whether the store has what was acknowledged.
   *
   * @param began when
   * @param store null if it could not be asked
   * @param history the shortest of a device that shows a broken promise; empty if none was broken
   * @param unverified why it could not be asked; null if it was
   * @param serverVersion what the server says of itself; null if it does not
   */
  record Outcome(
      FleetPlan plan,
      Instant began,
      RunReport report,
      LossLedger.@Nullable Comparison store,
      List<String> history,
      @Nullable String unverified,
      @Nullable String serverVersion) {
    /**
     * Every device was let in, by both, every acknowledged message is stored once, if one can tell,
     * and what the scenario wanted was done and came as expected. Without a scenario a run goes on
     * as it began: one that was stopped has shown what it would have.
     */
    boolean passed() {
      return (report.completed() || plan.scenario().isPlain())
          && report.enrolled() == report.devices()
          && report.deviceFailures().isEmpty()
          && report.acknowledged() > 0
          && report.broken().isEmpty()
          && report.server().problems().isEmpty()
          && verdicts().stream().allMatch(Verdict::holds)
          && (store != null ? store.clean() : CANNOT_BE.contains(unverified));
    }

    /** Of the program that made the run. */
    int exitCode() {
      return passed() ? 0 : 1;
    }

    private List<Verdict> verdicts() {
      return Verdict.of(plan, report);
    }

    private String result() {
      return passed() ? "passed" : store == null ? "unverified" : "failed";
    }

    ObjectNode toJson() {
      ObjectNode json = RunJson.of(plan, report).put("result", result());
      if (store != null) {
        RunJson.addStore(json, store);
      }
      json.put("serverVersion", serverVersion);
      json.put("version", Muster.VERSION).put("began", began.toString());
      history.forEach(json.withArray("history")::add);
      return json;
    }

    private static double seconds(Duration length) {
      return length.toMillis() / 1000.0;
    }

    private static String toText(RunReport.PhaseReport phase) {
      StringBuilder text = new StringBuilder(String.format(
          "phase         %-15s %7.1f s: %d sent, %d acknowledged",
          phase.name(), seconds(phase.length()), phase.sent(), phase.acknowledged()));
      RunReport.Latency latency = phase.latency();
      if (latency != null) {
        text.append(String.format(", p99 %.1f ms", latency.p99Ms()));
      }
      RunReport.Latency touched = phase.latencyOfTouched();
      if (touched != null) {
        text.append(String.format(", p99 of those concerned %.1f ms", touched.p99Ms()));
      }
      RunReport.Latency offline = phase.offline();
      if (offline != null) {
        text.append(String.format(
            "; %d back online after p50 %.1f ms, p99 %.1f ms, max %.1f ms",
            phase.back(), offline.p50Ms(), offline.p99Ms(), offline.maxMs()));
      }
      if (phase.achieved() < phase.wanted()) {
        text.append(String.format("; did %d of %d", phase.achieved(), phase.wanted()));
      }
      RunReport.Latency done = phase.doneAfter();
      if (done != null) {
        text.append(String.format(
            "; %d done after p50 %.1f ms, p99 %.1f ms, max %.1f ms",
            phase.done(), done.p50Ms(), done.p99Ms(), done.maxMs()));
      }
      return text.append(System.lineSeparator()).toString();
    }

    String toText() {
      StringBuilder text = new StringBuilder();
      text.append(String.format(
          "devices       %d enrolled, %d connected, of %d%n",
          report.enrolled(), report.connected(), report.devices()));
      text.append(String.format(
          "messages      %d sent, %d acknowledged, %d not, in %.1f s%n",
          report.sent(),
          report.acknowledged(),
          report.failed(),
          report.duration().toMillis() / 1000.0));
      RunReport.Latency latency = report.latency();
      if (latency != null) {
        text.append(String.format(
            "latency       p50 %.1f ms, p90 %.1f ms, p99 %.1f ms, max %.1f ms (due to acknowledged)%n",
            latency.p50Ms(), latency.p90Ms(), latency.p99Ms(), latency.maxMs()));
      }
      if (!plan.scenario().isPlain()) {
        report.phases().forEach(phase -> text.append(toText(phase)));
      }
      text.append(
          store == null
              ? "store         not verified: " + unverified + "\n"
              : String.format(
                  "store         %d acknowledged messages looked up: %d lost, %d stored twice, %d altered, %d dead letters, %d reordered, %d late (slowest %.3f s)%n",
                  store.acknowledged(),
                  store.lost().count(),
                  store.duplicated().count(),
                  store.altered().count(),
                  store.deadLetters().count(),
                  store.reordered().count(),
                  store.late().count(),
                  seconds(store.slowest())));
      if (store != null && store.early().count() > 0) {
        text.append(String.format(
            "kept aside    %d messages whose clock was ahead, as dead letters%n",
            store.early().count()));
      }
      report
          .deviceFailures()
          .forEach(
              (reason, count) -> text.append("device failed  " + count + " x " + reason + "\n"));
      report
          .messageFailures()
          .forEach(
              (reason, count) -> text.append("message failed " + count + " x " + reason + "\n"));
      report
          .connectionFailures()
          .forEach(
              (reason, count) -> text.append("disconnected   " + count + " x " + reason + "\n"));
      Long peak = ServerProcess.ownPeakBytes();
      if (peak != null) {
        text.append(String.format("simulator     %d MB of memory at most%n", peak / 1_000_000));
      }
      if (!report.completed()) {
        text.append("stopped       before its end").append(System.lineSeparator());
      }
      if (report.server().kills() > 0) {
        text.append("server        killed " + report.server().kills() + " times\n");
      }
      report.server().problems().forEach(problem -> text.append("not done      " + problem + "\n"));
      verdicts()
          .forEach(verdict -> text.append(
              (verdict.holds() ? "as expected   " : "NOT EXPECTED  ") + verdict + "\n"));
      report
          .broken()
          .forEach(
              (reason, count) -> text.append("broken         " + count + " x " + reason + "\n"));
      history.forEach(line -> text.append(line).append(System.lineSeparator()));
      return text.append("seed          " + report.seed()).toString();
    }
  }

  /**
   * Makes the factory, if there is none yet, and registers it under {@code manufacturer}.
   *
   * @param operator null: there is nothing but a broker, which has to trust the factory
   * @param server what the scenario may do to the server
   */
  SimulatedFleet(
      @Nullable OperatorClient operator,
      String manufacturer,
      String fleet,
      FleetPlan plan,
      ServerAccess server,
      Clock clock) {
    this.server = server;
    this.operator = operator;
    this.serverVersion =
        operator == null ? null : operator.get("health").path("version").asText(null);
    this.plan = plan;
    this.clock = clock;
    this.identities = plan.stateDirectory().resolve("idevid");
    Path home = plan.stateDirectory().resolve("factory");
    try {
      this.factory =
          Files.exists(home) ? Factory.open(home, clock) : Factory.init(home, manufacturer, clock);
    } catch (FactoryException e) {
      throw new UserError(e.getMessage());
    }
    if (operator != null) {
      register(operator, manufacturer, fleet);
    }
    this.simulation =
        new Simulation(clock, operator == null ? FleetOperator.NONE : new FleetOrders(operator));
  }

  private void register(OperatorClient operator, String manufacturer, String fleet) {
    JsonNode registered = operator.post(
        "manufacturers",
        JSON.createObjectNode()
            .put("name", manufacturer)
            .put("ca", Pem.of(List.of(factory.certificate())))
            .put("admission", "auto")
            .put("fleet", fleet));
    for (JsonNode ca : registered.path("cas")) {
      if (ca.hasNonNull("challenge")) {
        String proof = Pem.of(List.of(factory.prove(ca.path("challenge").asText())));
        operator.post(
            "manufacturers/" + OperatorClient.segment(manufacturer) + "/proof",
            JSON.createObjectNode().put("certificate", proof));
      }
    }
  }

  private FactoryIdentity identityOf(String serial) {
    Path folder = identities.resolve(serial);
    if (!Files.exists(folder)) {
      factory.issueBare(serial, folder);
    }
    return new FactoryIdentity(
        folder.resolve(Factory.DEVICE_KEY), folder.resolve(Factory.DEVICE_CHAIN));
  }

  /**
   * Runs the plan to its end, or until {@link #close}; blocks. Then looks up what was acknowledged.
   */
  Outcome run(ProgressListener progress) {
    Instant began = clock.instant();
    RunReport report = simulation.run(plan, this::identityOf, server, progress);
    OperatorClient asked = operator;
    if (asked == null || plan.mqtt() == MqttRelease.V3_1_1) {
      return new Outcome(
          plan,
          began,
          report,
          null,
          List.of(),
          asked == null ? BROKER_ONLY : NO_IDENTITY,
          serverVersion);
    }
    try {
      LossLedger ledger = simulation.ledger();
      BackendStore backend = new BackendStore(asked::get, () -> new Patience(ANSWER_LIMIT));
      LossLedger.Comparison store = ledger.compare(backend, new Patience(STORE_LIMIT));
      return new Outcome(plan, began, report, store, ledger.explain(store), null, serverVersion);
    } catch (UserError e) {
      return new Outcome(plan, began, report, null, List.of(), e.getMessage(), serverVersion);
    }
  }

  /**
   * What is acknowledged is in a journal; the database, which is asked, may be behind that, and
   * does not say so. It is waited for as long as it gets nearer, or may yet; and for a while for a
   * page that is not answered.
   */
  private final class Patience implements LongPredicate {
    private final Duration limit;
    private long fewest = Long.MAX_VALUE;
    private long since;

    Patience(Duration limit) {
      this.limit = limit;
    }

    @Override
    public boolean test(long missing) {
      if (missing < fewest) {
        fewest = missing;
        since = System.nanoTime();
      }
      try {
        return System.nanoTime() - since < limit.toNanos()
            && !stopped.await(STORE_POLL.toMillis(), TimeUnit.MILLISECONDS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return false;
      }
    }
  }

  /** Ends the run early, from another thread; {@link #run} still returns its report. */
  void stop() {
    simulation.close();
  }

  /** The same, and waits no more for a database that is behind what was acknowledged. */
  void stopAtOnce() {
    stopped.countDown();
    stop();
  }

  @Override
  public void close() {
    stopAtOnce();
  }
}
