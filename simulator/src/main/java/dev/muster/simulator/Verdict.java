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
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Whether a run came to what its scenario expects. What could not be measured, and what was never
 * put to the test, is not as expected.
 *
 * @param name of the expectation, as in a scenario file
 * @param limit in the unit of the file
 * @param found NaN if there is nothing to be held against the limit
 * @param why that is so; null if something was found
 */
public record Verdict(
    String name, double limit, double found, @Nullable String why) {
  private static final double MS_PER_SECOND = 1000;
  private static final double MOST = 0.99;
  /** Of fewer messages the 99th percentile is but the slowest. */
  private static final int FEWEST_FOR_P99 = 100;

  private static final double MB = 1e6;
  /** In samples, which are seconds. */
  private static final int WINDOW = 5;

  private static final String STOPPED = "not measured: the run was stopped";
  private static final String NOTHING_ACKNOWLEDGED = "nothing was tried: no message acknowledged";

  Verdict(String name, double limit, double found) {
    this(name, limit, found, null);
  }

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
        why == null ? round(found) : why,
        round(limit));
  }

  private static String round(double number) {
    return String.format(Locale.ROOT, "%.2f", number).replaceFirst("\\.?0+$", "");
  }

  /** One for each expectation of the plan's scenario. */
  public static List<Verdict> of(FleetPlan plan, RunReport report) {
    Expectations expected = plan.scenario().expectations();
    Duration gap = expected.longestGap();
    String vain = vain(plan, report);
    Measurements measured = new Measurements(plan.scenario().phases(), report);
    List<Verdict> verdicts = new ArrayList<>();
    // A run in which something was not tried shows nothing of what would have come of it.
    Adder adder = (name, limit, measurement) -> {
      if (limit != null) {
        Found found = vain == null ? measurement.get() : Found.nothing(vain);
        verdicts.add(new Verdict(name, limit, found.value(), found.why()));
      }
    };
    adder.add("undisturbed-p99", expected.undisturbedP99(), measured::undisturbed);
    adder.add(
        "longest-gap", gap == null ? null : gap.toMillis() / MS_PER_SECOND, measured::longestGap);
    adder.add("back-online", expected.backOnline(), measured::backOnline);
    adder.add("offline-at-end", expected.offlineAtEnd(), () -> Found.of(report.offlineAtEnd()));
    adder.add(
        "heap-growth",
        expected.heapGrowth(),
        () -> measured.growth(ServerState::heapBytes).by(MB));
    adder.add(
        "thread-growth", expected.threadGrowth(), () -> measured.growth(ServerState::threads));
    adder.add("file-growth", expected.fileGrowth(), () -> measured.growth(ServerState::openFiles));
    adder.add("store-growth", expected.storeGrowth(), measured::storeGrowth);
    if (expected.undone() != null) {
      // Says by itself what was not done.
      verdicts.add(
          STOPPED.equals(vain)
              ? new Verdict("undone", expected.undone(), Double.NaN, vain)
              : new Verdict("undone", expected.undone(), measured.undone()));
    }
    return verdicts;
  }

  private interface Adder {
    void add(String name, @Nullable Double limit, Supplier<Found> measurement);
  }

  private record Found(double value, @Nullable String why) {
    static Found of(double value) {
      if (Double.isNaN(value)) {
        return nothing("not measured");
      }
      return new Found(value, Double.isInfinite(value) ? "without end" : null);
    }

    static Found nothing(String why) {
      return new Found(Double.NaN, why);
    }

    Found by(double unit) {
      return new Found(value / unit, why);
    }
  }

  /** The phases that were to do something and did nothing, a line each. */
  static List<String> vain(List<RunReport.PhaseReport> phases) {
    List<String> vain = new ArrayList<>();
    for (int i = 0; i < phases.size(); i++) {
      RunReport.PhaseReport phase = phases.get(i);
      if (phase.wanted() > 0 && phase.achieved() == 0) {
        vain.add(String.format(
            Locale.ROOT,
            "nothing was tried: phase %d, %s, did 0 of %d",
            i + 1,
            phase.name(),
            phase.wanted()));
      }
    }
    return vain;
  }

  /** Why nothing can be said of the run; null if something can. */
  private static @Nullable String vain(FleetPlan plan, RunReport report) {
    if (!report.completed() || report.phases().size() < plan.scenario().phases().size()) {
      return STOPPED;
    }
    if (report.acknowledged() == 0) {
      return NOTHING_ACKNOWLEDGED;
    }
    return vain(report.phases()).stream().findFirst().orElse(null);
  }

  /** @param phases of the scenario; as many as the report has, unless the run was stopped */
  private record Measurements(List<Phase> phases, RunReport report) {
    /** The first that does something to devices or server; if there is none, the last. */
    private int firstFault() {
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
          || phase instanceof Phase.Steady
          || phase instanceof Phase.Recovery);
    }

    /** A burst leaves no device alone. */
    private static boolean isDisturbance(Phase phase) {
      return isFault(phase) && !(phase instanceof Phase.Burst);
    }

    Found undisturbed() {
      List<Integer> disturbances = IntStream.range(0, phases.size())
          .filter(i -> isDisturbance(phases.get(i)))
          .boxed()
          .toList();
      if (disturbances.isEmpty()) {
        return Found.nothing("nothing was tried: no phase leaves devices alone and others not");
      }
      int calm = disturbances.get(0) - 1;
      double before = p99(report.phases().get(calm));
      if (!Double.isFinite(before)) {
        return withoutP99(calm);
      }
      double worst = 0;
      for (int i : disturbances) {
        double during = p99(report.phases().get(i));
        if (Double.isNaN(during)) {
          return withoutP99(i);
        }
        worst = Math.max(worst, during / before);
      }
      return Found.of(worst);
    }

    private Found withoutP99(int phase) {
      return Found.nothing(String.format(
          Locale.ROOT,
          "not measured: phase %d, %s, has fewer than %d messages of devices left alone, or too many"
              + " without an answer",
          phase + 1,
          phases.get(phase).name(),
          FEWEST_FOR_P99));
    }

    /** Who waits in vain waits for ever. NaN if it would be of too few. */
    private static double p99(RunReport.PhaseReport phase) {
      RunReport.Latency latency = phase.latency();
      if (latency == null || phase.untouched() < FEWEST_FOR_P99) {
        return Double.NaN;
      }
      return phase.unanswered() > (1 - MOST) * phase.untouched()
          ? Double.POSITIVE_INFINITY
          : latency.p99Ms();
    }

    Found longestGap() {
      Duration gap = report.longestGap();
      return gap == null
          ? Found.nothing(NOTHING_ACKNOWLEDGED)
          : Found.of(gap.toMillis() / MS_PER_SECOND);
    }

    /** Of several storms the slowest. */
    Found backOnline() {
      double slowest = Double.NaN;
      for (int i = 0; i < phases.size(); i++) {
        if (phases.get(i) instanceof Phase.ReconnectStorm) {
          RunReport.PhaseReport storm = report.phases().get(i);
          double rate = connectsPerSecond(storm.begin());
          if (rate == 0) {
            return Found.nothing("not measured: nobody came online in whole seconds before phase "
                + (i + 1) + ", " + storm.name());
          }
          double times = backSeconds(storm) / (storm.achieved() / rate);
          slowest = times <= slowest ? slowest : times;
        }
      }
      return Double.isNaN(slowest)
          ? Found.nothing("nothing was tried: there is no reconnect-storm")
          : Found.of(slowest);
    }

    /** Until 99 % of those that were cut were back; of a few that were not, the last that was. */
    private static double backSeconds(RunReport.PhaseReport storm) {
      RunReport.Latency after = storm.doneAfter();
      if (after == null || storm.done() < MOST * storm.achieved()) {
        return Double.POSITIVE_INFINITY;
      }
      return (storm.done() == storm.achieved() ? after.p99Ms() : after.maxMs()) / MS_PER_SECOND;
    }

    /**
     * In the best five seconds before the storm: what the server can do, if it was asked for it.
     */
    private double connectsPerSecond(Duration storm) {
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

    Found growth(Function<ServerState, @Nullable Long> measure) {
      ServerState base = base();
      List<ServerState> later = states(state -> state.phase() >= firstFault());
      if (base == null || later.isEmpty()) {
        return Found.nothing("not measured");
      }
      double most =
          later.stream().mapToDouble(state -> value(measure.apply(state))).max().orElseThrow();
      return Found.of(most - value(measure.apply(base)));
    }

    /** As the phase before the first fault, or before the last phase, came to its end. */
    private @Nullable ServerState base() {
      return states(state -> state.phase() == firstFault() - 1).stream()
          .findFirst()
          .orElse(null);
    }

    private List<ServerState> states(Predicate<ServerState> wanted) {
      return report.server().states().stream().filter(wanted).toList();
    }

    private static double value(@Nullable Long measured) {
      return measured == null ? Double.NaN : measured;
    }

    Found storeGrowth() {
      ServerState base = base();
      if (base == null) {
        return Found.nothing("not measured");
      }
      List<ServerState> earlier = states(state -> state.phase() < base.phase());
      List<ServerState> later = states(state -> state.phase() > base.phase());
      if (earlier.isEmpty() || later.isEmpty()) {
        return Found.nothing("not measured: it takes two phases before");
      }
      double before = bytesPerMessage(earlier.get(0), base);
      // Against what shrank, the faster the store grows the less it would seem.
      return before <= 0
          ? Found.nothing("not measured: the store did not grow before")
          : Found.of(bytesPerMessage(base, later.get(later.size() - 1)) / before);
    }

    private static double bytesPerMessage(ServerState from, ServerState to) {
      long messages = to.acknowledged() - from.acknowledged();
      return messages == 0
          ? Double.NaN
          : (value(to.storeBytes()) - value(from.storeBytes())) / messages;
    }

    double undone() {
      return report.phases().stream()
          .mapToDouble(phase -> Math.max(0, phase.wanted() - phase.achieved()))
          .sum();
    }
  }
}
