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

class VerdictTest {
  private static final Expectations ALL =
      new Expectations(2.0, Duration.ofSeconds(5), 1.3, 0.0, 64.0, 0.0, 10.0, 1.2);
  private static final List<Phase> STORM = List.of(
      new Phase.Ramp(seconds(1)),
      new Phase.Steady(seconds(9)),
      new Phase.ReconnectStorm(seconds(10), 0.5));

  @Test
  void verdicts_ofAStorm_areMeasuredAgainstThePhaseBefore() {
    RunReport report = report(
        List.of(
            phase("ramp", 0, latency(50, 60), null, 0, null),
            phase("steady", 1, latency(10, 20), null, 0, null),
            phase(
                "reconnect-storm",
                10,
                latency(15, 30),
                latency(900, 4_000),
                50,
                latency(900, 950))),
        List.of(state(10, 100, 20, 1_000, 100), state(20, 130, 21, 1_005, 220)));
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
            "store-growth");
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
    assertThat(verdicts.get(7)).as("no state before it").satisfies(VerdictTest::isNotMeasured);
  }

  @Test
  void verdict_ofWhatWasNotMeasured_doesNotHold() {
    RunReport report = report(List.of(phase("ramp", 0, null, null, 0, null)), List.of());
    assertThat(Verdict.of(plan(STORM, ALL), report))
        .filteredOn(verdict -> !verdict.name().equals("longest-gap"))
        .allSatisfy(verdict -> assertThat(verdict.holds()).as("%s", verdict).isFalse());
    assertThat(Verdict.of(plan(STORM, Expectations.NONE), report)).isEmpty();
  }

  @Test
  void store_withoutAFault_growsByTheMessageAsInThePhaseBefore() {
    List<Phase> soak = List.of(
        new Phase.Ramp(seconds(1)), new Phase.Steady(seconds(9)), new Phase.Steady(seconds(10)));
    RunReport report = report(
        List.of(
            phase("ramp", 0, null, null, 0, null),
            phase("steady", 1, null, null, 0, null),
            phase("steady", 10, null, null, 0, null)),
        List.of(
            state(1, 50, 20, 1_000, 100),
            state(10, 50, 20, 2_000, 200),
            state(20, 50, 20, 3_100, 300)));
    List<Verdict> verdicts = Verdict.of(plan(soak, ALL), report);
    assertThat(verdicts.get(7).found()).isCloseTo(1.1, within(0.001));
    assertThat(verdicts.get(4).found()).isZero();
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

  private static RunReport.Latency latency(double p99, double max) {
    return new RunReport.Latency(1, 2, p99, max);
  }

  private static RunReport.PhaseReport phase(
      String name,
      int begin,
      RunReport.@Nullable Latency latency,
      RunReport.@Nullable Latency touched,
      long back,
      RunReport.@Nullable Latency offline) {
    return new RunReport.PhaseReport(
        name, seconds(begin), seconds(10), 100, 100, latency, touched, back, offline, 0, null);
  }

  private static ServerState state(
      int at, long heapMb, long threads, long store, long acknowledged) {
    return new ServerState(seconds(at), acknowledged, heapMb * 1_000_000, threads, 10L, store);
  }

  /** Fifty devices come online in each of the first two seconds. */
  private static RunReport report(List<RunReport.PhaseReport> phases, List<ServerState> states) {
    List<Sample> samples = IntStream.rangeClosed(1, 10)
        .mapToObj(
            second -> new Sample(seconds(second), 0, 0, 0, 90, second <= 2 ? 50 : 0, 0, null, null))
        .toList();
    return new RunReport(
        true,
        1,
        seconds(20),
        100,
        100,
        100,
        1_000,
        1_000,
        new TreeMap<>(),
        new TreeMap<>(),
        new TreeMap<>(),
        new TreeMap<>(),
        0,
        phases,
        samples,
        new RunReport.ServerReport(0, List.of(), states),
        null);
  }
}
