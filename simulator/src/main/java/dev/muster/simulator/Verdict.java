/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.simulator;

import dev.muster.simulator.scenario.Expectations;
import dev.muster.simulator.scenario.Phase;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Whether a run came to what its scenario expects.
 *
 * @param name of the expectation, as in a scenario file
 * @param limit in the unit of the file
 * @param found NaN if it could not be measured, which is not what was expected either
 */
public record Verdict(String name, double limit, double found) {
  private static final double MS_PER_SECOND = 1000;
  private static final double MOST = 0.99;
  private static final double MB = 1e6;
  /** In samples, which are seconds. */
  private static final int WINDOW = 5;

  /** Whether it is as expected. */
  public boolean holds() {
    return found <= limit;
  }

  @Override
  public String toString() {
    return String.format(
        Locale.ROOT,
        "%s %s (expected: at most %s)",
        name,
        Double.isNaN(found) ? "not measured" : round(found),
        round(limit));
  }

  private static String round(double number) {
    return String.format(Locale.ROOT, "%.2f", number).replaceFirst("\\.?0+$", "");
  }

  /** One for each expectation of the plan's scenario. */
  public static List<Verdict> of(FleetPlan plan, RunReport report) {
    Expectations expected = plan.scenario().expectations();
    List<Verdict> verdicts = new ArrayList<>();
    add(verdicts, "undisturbed-p99", expected.undisturbedP99(), () -> undisturbed(plan, report));
    Duration gap = expected.longestGap();
    add(
        verdicts,
        "longest-gap",
        gap == null ? null : gap.toMillis() / MS_PER_SECOND,
        () -> longestGap(report));
    add(verdicts, "back-online", expected.backOnline(), () -> backOnline(plan, report));
    add(verdicts, "offline-at-end", expected.offlineAtEnd(), () -> offlineAtEnd(report));
    add(
        verdicts,
        "heap-growth",
        expected.heapGrowth(),
        () -> growth(plan, report, ServerState::heapBytes) / MB);
    add(
        verdicts,
        "thread-growth",
        expected.threadGrowth(),
        () -> growth(plan, report, ServerState::threads));
    add(
        verdicts,
        "file-growth",
        expected.fileGrowth(),
        () -> growth(plan, report, ServerState::openFiles));
    add(verdicts, "store-growth", expected.storeGrowth(), () -> storeGrowth(plan, report));
    return verdicts;
  }

  private interface Measured {
    double value();
  }

  private static void add(
      List<Verdict> verdicts, String name, @Nullable Double limit, Measured measured) {
    if (limit != null) {
      verdicts.add(new Verdict(name, limit, measured.value()));
    }
  }

  /** The first that does something to devices or server; if there is none, the last. */
  private static int firstFault(FleetPlan plan) {
    List<Phase> phases = plan.scenario().phases();
    for (int i = 0; i < phases.size(); i++) {
      if (isFault(phases.get(i))) {
        return i;
      }
    }
    return phases.size() - 1;
  }

  private static boolean isFault(Phase phase) {
    return !(phase instanceof Phase.Enroll
        || phase instanceof Phase.Ramp
        || phase instanceof Phase.Steady);
  }

  private static double undisturbed(FleetPlan plan, RunReport report) {
    int fault = firstFault(plan);
    double before = fault > 0 && fault <= report.phases().size()
        ? p99(report.phases().get(fault - 1))
        : Double.NaN;
    double worst = Double.NaN;
    for (int i = fault; i < report.phases().size(); i++) {
      double ratio = p99(report.phases().get(i)) / before;
      if (isFault(plan.scenario().phases().get(i)) && !(ratio <= worst)) {
        worst = ratio;
      }
    }
    return worst;
  }

  private static double p99(RunReport.PhaseReport phase) {
    RunReport.Latency latency = phase.latency();
    return latency == null ? Double.NaN : latency.p99Ms();
  }

  private static double longestGap(RunReport report) {
    return report.phases().stream()
            .flatMap(phase -> Stream.of(max(phase.offline()), max(phase.latencyOfTouched())))
            .mapToDouble(Double::doubleValue)
            .max()
            .orElse(Double.NaN)
        / MS_PER_SECOND;
  }

  private static double max(RunReport.@Nullable Latency latency) {
    return latency == null ? 0 : latency.maxMs();
  }

  /** Before the devices are closed, which the last samples see. */
  private static double offlineAtEnd(RunReport report) {
    return report.samples().stream()
        .filter(sample -> sample.at().compareTo(report.duration()) <= 0)
        .mapToDouble(sample -> report.devices() - sample.online())
        .reduce((first, last) -> last)
        .orElse(Double.NaN);
  }

  /** Of several storms the slowest. */
  private static double backOnline(FleetPlan plan, RunReport report) {
    double slowest = Double.NaN;
    for (int i = 0; i < report.phases().size(); i++) {
      if (plan.scenario().phases().get(i) instanceof Phase.ReconnectStorm storm) {
        RunReport.PhaseReport phase = report.phases().get(i);
        double cut = Math.ceil(report.devices() * storm.share());
        double seconds = backSeconds(phase, cut);
        double times = seconds / (cut / connectsPerSecond(report, phase.begin()));
        slowest = times <= slowest ? slowest : times;
      }
    }
    return slowest;
  }

  private static double backSeconds(RunReport.PhaseReport phase, double cut) {
    RunReport.Latency offline = phase.offline();
    return offline == null || phase.back() < MOST * cut
        ? Double.POSITIVE_INFINITY
        : offline.p99Ms() / MS_PER_SECOND;
  }

  /** In the best five seconds before the storm: what the server can do, if it was asked for it. */
  private static double connectsPerSecond(RunReport report, Duration storm) {
    List<Sample> before = report.samples().stream()
        .filter(sample -> sample.at().compareTo(storm) <= 0)
        .toList();
    long best = 0;
    for (int i = WINDOW; i <= before.size(); i++) {
      best = Math.max(
          best,
          before.subList(i - WINDOW, i).stream().mapToLong(Sample::connects).sum());
    }
    return (double) best / WINDOW;
  }

  private static double growth(
      FleetPlan plan, RunReport report, Function<ServerState, @Nullable Long> measure) {
    ToDoubleFunction<ServerState> value = state -> {
      Long measured = measure.apply(state);
      return measured == null ? Double.NaN : measured;
    };
    int base = baseline(plan, report);
    List<ServerState> states = report.server().states();
    if (base < 0 || base >= states.size() - 1) {
      return Double.NaN;
    }
    return states.subList(base + 1, states.size()).stream()
            .mapToDouble(value)
            .max()
            .orElseThrow()
        - value.applyAsDouble(states.get(base));
  }

  /** The state in which the first fault, or the last phase, began. */
  private static int baseline(FleetPlan plan, RunReport report) {
    int fault = firstFault(plan);
    if (fault >= report.phases().size()) {
      return -1;
    }
    Duration begin = report.phases().get(fault).begin();
    List<ServerState> states = report.server().states();
    for (int i = 0; i < states.size(); i++) {
      if (states.get(i).at().compareTo(begin) >= 0) {
        return i;
      }
    }
    return -1;
  }

  private static double storeGrowth(FleetPlan plan, RunReport report) {
    List<ServerState> states = report.server().states();
    int base = baseline(plan, report);
    if (base <= 0 || base >= states.size() - 1) {
      return Double.NaN;
    }
    return bytesPerMessage(states.get(base), states.get(states.size() - 1))
        / bytesPerMessage(states.get(0), states.get(base));
  }

  private static double bytesPerMessage(ServerState from, ServerState to) {
    Long before = from.storeBytes();
    Long after = to.storeBytes();
    return before == null || after == null
        ? Double.NaN
        : (double) (after - before) / (to.acknowledged() - from.acknowledged());
  }
}
