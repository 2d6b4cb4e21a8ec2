/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.simulator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.muster.simulator.scenario.Expectations;
import dev.muster.simulator.scenario.Phase;
import dev.muster.simulator.scenario.Scenario;
import java.time.Duration;
import java.util.List;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class VerdictTest {
  private static final Expectations ALL =
      new Expectations(2.0, Duration.ofSeconds(5), 1.3, 0.0, 64.0, 0.0, 10.0, 1.2, 0.0);
  private static final List<Phase> STORM = List.of(
      new Phase.Ramp(seconds(1)),
      new Phase.Steady(seconds(9)),
      new Phase.ReconnectStorm(seconds(10), 0.5));

  @Test
  void verdicts_ofAStorm_areMeasuredAgainstThePhaseBefore() {
    RunReport report = report(
        List.of(phase("ramp", 0, latency(50)), phase("steady", 1, latency(10)), storm(50, 50)),
        List.of(
            state(0, 90, 20, 1_000, 50),
            state(1, 100, 20, 1_050, 100),
            state(2, 130, 21, 1_165, 200)));
    List<Verdict> verdicts = Verdict.of(plan(STORM, ALL), report);

    assertThat(verdicts)
        .extracting(Verdict::name)
        .containsExactly(
            "undisturbed-p99",
            "longest-gap",
            "back-online",
            "offline-at-end",
            "heap-growth",
            "thread-growth",
            "file-growth",
            "store-growth",
            "undone");
    assertThat(verdicts.get(0).found()).isCloseTo(1.5, within(0.01));
    assertThat(verdicts.get(1).found()).isEqualTo(4);
    // 20 a second came online in the best five; 50 would need 2.5 s, and 99 % needed 0.9 s.
    assertThat(verdicts.get(2).found()).isCloseTo(0.36, within(0.001));
    assertThat(verdicts.get(3)).isEqualTo(new Verdict("offline-at-end", 0, 10));
    assertThat(verdicts.get(4).found()).isEqualTo(30);
    assertThat(verdicts.get(5)).isEqualTo(new Verdict("thread-growth", 0, 1));
    assertThat(verdicts.get(5).holds()).isFalse();
    assertThat(verdicts.get(5)).hasToString("thread-growth 1 (expected: at most 0)");
    assertThat(verdicts.get(6).holds()).isTrue();
    assertThat(verdicts.get(7).found()).as("1.15 bytes after 1").isCloseTo(1.15, within(0.001));
    assertThat(verdicts.get(8)).isEqualTo(new Verdict("undone", 0, 0));
  }

  @Test
  void growth_isFromTheEndOfThePhaseBeforeTheFault_howeverSoonTheFaultBegan() {
    // The looks are told apart by their phase and not by the clock, to which a phase may be late.
    RunReport report = report(
        List.of(phase("ramp", 0, latency(1)), phase("steady", 1, latency(1)), storm(50, 50)),
        List.of(state(0, 10, 20, 0, 1), state(1, 20, 20, 1, 2), state(2, 50, 20, 2, 3)));
    assertThat(verdict(report, "heap-growth").found()).isEqualTo(30);
  }

  @Test
  void growth_withoutALookBeforeTheFault_isNotMeasured() {
    RunReport report = report(
        List.of(phase("ramp", 0, latency(1)), phase("steady", 1, latency(1)), storm(50, 50)),
        List.of(state(0, 10, 20, 0, 1), state(2, 50, 20, 2, 3)));
    assertThat(verdict(report, "heap-growth")).satisfies(VerdictTest::isNotMeasured);
    assertThat(verdict(report, "store-growth")).satisfies(VerdictTest::isNotMeasured);
  }

  @Test
  void growth_ofWhatCouldNotBeSeenOnce_isNotMeasured() {
    ServerState unseen = state(2, 0, 0, 0, 3).unseen();
    RunReport report = report(
        List.of(phase("ramp", 0, latency(1)), phase("steady", 1, latency(1)), storm(50, 50)),
        List.of(state(0, 10, 20, 0, 1), state(1, 20, 20, 1, 2), unseen));
    for (String name : List.of("heap-growth", "thread-growth", "file-growth", "store-growth")) {
      assertThat(verdict(report, name)).satisfies(VerdictTest::isNotMeasured);
    }
  }

  @Test
  void backOnline_nobodyWasCut_isNotTried() {
    RunReport report = report(
        List.of(phase("ramp", 0, latency(1)), phase("steady", 1, latency(1)), storm(0, 0)),
        List.of());
    assertThat(verdict(report, "back-online"))
        .hasToString("back-online nothing was tried: phase 3, reconnect-storm, did 0 of 50"
            + " (expected: at most 1.3)");
    assertThat(Verdict.of(plan(STORM, ALL), report)).noneMatch(Verdict::holds);
  }

  @Test
  void backOnline_withoutARateBefore_isNotMeasured() {
    RunReport report = report(
        0,
        seconds(4),
        List.of(phase("ramp", 0, latency(1)), phase("steady", 1, latency(1)), storm(50, 50)),
        List.of());
    assertThat(verdict(report, "back-online")).satisfies(VerdictTest::isNotMeasured);
  }

  @Test
  void backOnline_fewerThan99Of100_isWithoutEnd() {
    RunReport report = report(
        List.of(phase("ramp", 0, latency(1)), phase("steady", 1, latency(1)), storm(50, 49)),
        List.of());
    assertThat(verdict(report, "back-online").found()).isInfinite();
    assertThat(verdict(report, "back-online").holds()).isFalse();
  }

  @Test
  void backOnline_withoutAStorm_isNotTried() {
    List<Phase> calm = List.of(new Phase.Ramp(seconds(1)), new Phase.Steady(seconds(9)));
    RunReport report =
        report(List.of(phase("ramp", 0, latency(1)), phase("steady", 1, latency(1))), List.of());
    assertThat(Verdict.of(plan(calm, ALL), report).get(2).toString())
        .startsWith("back-online nothing was tried: there is no reconnect-storm");
  }

  /** However many others sent, to which the phase did something. */
  @ParameterizedTest
  @CsvSource({"100, 2, false", "100, 1, true", "150, 2, false"})
  void undisturbed_whoseMessagesAreNeverAnswered_isWithoutEnd(
      long of, long unanswered, boolean holds) {
    RunReport report = report(
        List.of(
            phase("ramp", 0, latency(1)),
            phase("steady", 1, latency(1)),
            storm(latency(1), of, unanswered)),
        List.of());
    Verdict verdict = verdict(report, "undisturbed-p99");
    assertThat(verdict.holds()).isEqualTo(holds);
    assertThat(verdict.found()).isEqualTo(holds ? 1 : Double.POSITIVE_INFINITY);
  }

  /** In the storm, or before it; also where the calm before was none. */
  @ParameterizedTest
  @CsvSource({"99, 100, 0, 3", "100, 99, 0, 2", "100, 1000, 11, 2"})
  void undisturbed_ofTooFewMessages_isNotMeasured(
      long during, long before, long unansweredBefore, int phase) {
    RunReport.PhaseReport calm = new RunReport.PhaseReport(
        "steady",
        seconds(1),
        seconds(9),
        before,
        before,
        latency(10),
        null,
        0,
        null,
        0,
        null,
        0,
        0,
        before,
        unansweredBefore);
    RunReport report = report(
        List.of(phase("ramp", 0, latency(1)), calm, storm(latency(1), during, 0)), List.of());
    assertThat(verdict(report, "undisturbed-p99")).satisfies(VerdictTest::isNotMeasured);
    assertThat(verdict(report, "undisturbed-p99").toString()).contains("phase " + phase + ", ");
  }

  /** It says what the load alone does, by which nobody is left alone. */
  @Test
  void undisturbed_isNotOfABurst_norMeasuredByIt() {
    List<Phase> phases = List.of(
        new Phase.Ramp(seconds(1)),
        new Phase.Steady(seconds(9)),
        new Phase.Burst(seconds(10), 1.4),
        new Phase.Steady(seconds(10)),
        new Phase.ReconnectStorm(seconds(10), 0.5));
    RunReport report = report(
        List.of(
            phase("ramp", 0, latency(1)),
            phase("steady", 1, latency(5)),
            phase("burst", 10, latency(90)),
            phase("steady", 20, latency(10)),
            storm(latency(15), 100, 0)),
        List.of());
    assertThat(Verdict.of(plan(phases, ALL), report).get(0).found()).isEqualTo(1.5);
  }

  private static RunReport.PhaseReport storm(
      RunReport.Latency latency, long untouched, long unanswered) {
    return new RunReport.PhaseReport(
        "reconnect-storm",
        seconds(10),
        seconds(10),
        1_000,
        998,
        latency,
        null,
        0,
        null,
        50,
        latency(1),
        50,
        50,
        untouched,
        unanswered);
  }

  @Test
  void everyExpectation_ofARunWithoutAnAcknowledgement_isNotTried() {
    RunReport report = report(
        0,
        seconds(0),
        List.of(phase("ramp", 0, null), phase("steady", 1, null), storm(50, 50)),
        List.of(state(0, 10, 20, 0, 0), state(1, 20, 20, 1, 0), state(2, 20, 20, 2, 0)));
    assertThat(Verdict.of(plan(STORM, ALL), report))
        .filteredOn(verdict -> !verdict.name().equals("undone"))
        .hasSize(8)
        .allSatisfy(verdict -> assertThat(verdict.holds()).as("%s", verdict).isFalse())
        .allSatisfy(verdict ->
            assertThat(verdict.toString()).contains("nothing was tried: no message acknowledged"));
  }

  @Test
  void undone_isWhatPhasesWantedAndDidNot() {
    RunReport report = report(
        List.of(phase("ramp", 0, latency(1)), phase("steady", 1, latency(1)), storm(47, 47)),
        List.of());
    assertThat(verdict(report, "undone")).isEqualTo(new Verdict("undone", 0, 3));
    assertThat(verdict(report, "undone").holds()).isFalse();
  }

  @Test
  void verdict_ofWhatWasNotMeasured_doesNotHold() {
    RunReport report = report(List.of(phase("ramp", 0, null)), List.of());
    assertThat(Verdict.of(plan(STORM, ALL), report))
        .filteredOn(verdict -> !verdict.name().equals("undone"))
        .allSatisfy(verdict -> assertThat(verdict.holds()).as("%s", verdict).isFalse());
    assertThat(Verdict.of(plan(STORM, Expectations.NONE), report)).isEmpty();
  }

  @Test
  void store_withoutAFault_growsByTheMessageAsInThePhaseBefore() {
    List<Phase> soak = List.of(
        new Phase.Ramp(seconds(1)), new Phase.Steady(seconds(9)), new Phase.Steady(seconds(10)));
    RunReport report = report(
        List.of(
            phase("ramp", 0, latency(1)),
            phase("steady", 1, latency(1)),
            phase("steady", 10, latency(1))),
        List.of(
            state(0, 50, 20, 1_000, 100),
            state(1, 50, 20, 2_000, 200),
            state(2, 50, 20, 3_100, 300)));
    List<Verdict> verdicts = Verdict.of(plan(soak, ALL), report);
    assertThat(verdicts.get(7).found()).isCloseTo(1.1, within(0.001));
    assertThat(verdicts.get(4).found()).isZero();
  }

  @ParameterizedTest
  @CsvSource({"900", "1000"})
  void store_thatDidNotGrowBefore_isNoMeasureOfGrowth(long before) {
    RunReport report = report(
        List.of(phase("ramp", 0, latency(1)), phase("steady", 1, latency(1)), storm(50, 50)),
        List.of(
            state(0, 50, 20, 1_000, 100),
            state(1, 50, 20, before, 200),
            state(2, 50, 20, 90_000, 300)));
    isNotMeasured(verdict(report, "store-growth"));
  }

  private static void isNotMeasured(Verdict verdict) {
    assertThat(verdict.holds()).isFalse();
    assertThat(verdict.toString()).contains("not measured");
  }

  private static Duration seconds(int seconds) {
    return Duration.ofSeconds(seconds);
  }

  private static FleetPlan plan(List<Phase> phases, Expectations expected) {
    return Plans.scenario(100, new Scenario("s", phases, expected));
  }

  private static Verdict verdict(RunReport report, String name) {
    return Verdict.of(plan(STORM, ALL), report).stream()
        .filter(verdict -> verdict.name().equals(name))
        .findFirst()
        .orElseThrow();
  }

  private static RunReport.Latency latency(double p99) {
    return new RunReport.Latency(1, 2, p99, p99 + 10);
  }

  private static RunReport.PhaseReport phase(
      String name, int begin, RunReport.@Nullable Latency latency) {
    return new RunReport.PhaseReport(
        name, seconds(begin), seconds(10), 100, 100, latency, null, 0, null, 0, null, 0, 0, 100, 0);
  }

  /** Of 50 that were to be cut; 99 % of those that came back did so within 0.9 s. */
  private static RunReport.PhaseReport storm(long cut, long back) {
    return new RunReport.PhaseReport(
        "reconnect-storm",
        seconds(10),
        seconds(10),
        100,
        100,
        latency(15),
        latency(900),
        back,
        latency(900),
        back,
        back == 0 ? null : latency(900),
        50,
        cut,
        100,
        0);
  }

  private static ServerState state(
      int phase, long heapMb, long threads, long store, long acknowledged) {
    return new ServerState(
        phase, seconds(10 * phase), acknowledged, heapMb * 1_000_000, threads, 10L, store);
  }

  /** Fifty devices come online in each of the first two seconds. */
  private static RunReport report(List<RunReport.PhaseReport> phases, List<ServerState> states) {
    return report(50, seconds(4), phases, states);
  }

  private static RunReport report(
      int connects,
      Duration longestGap,
      List<RunReport.PhaseReport> phases,
      List<ServerState> states) {
    List<Sample> samples = IntStream.rangeClosed(1, 10)
        .mapToObj(second ->
            new Sample(seconds(second), 0, 0, 0, 90, second <= 2 ? connects : 0, 0, null, null))
        .toList();
    return new RunReport(
        true,
        1,
        seconds(20),
        100,
        100,
        100,
        10,
        1_000,
        longestGap.isZero() ? 0 : 1_000,
        new TreeMap<>(),
        new TreeMap<>(),
        new TreeMap<>(),
        new TreeMap<>(),
        0,
        phases,
        samples,
        new RunReport.ServerReport(0, List.of(), states),
        longestGap.isZero() ? null : longestGap,
        null);
  }
}
