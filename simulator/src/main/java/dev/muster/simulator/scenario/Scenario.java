/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.simulator.scenario;

import static java.util.Objects.requireNonNull;

import java.time.Duration;
import java.util.List;

/** The phases of a run, one after another: enrolling, if at all, first, then the ramp. */
public record Scenario(String name, List<Phase> phases, Expectations expectations) {
  private static final String PLAIN = "plain";

  /** @throws IllegalArgumentException if the order is another */
  public Scenario {
    requireNonNull(name, "name");
    requireNonNull(expectations, "expectations");
    phases = List.copyOf(phases);
    int ramp = !phases.isEmpty() && phases.get(0) instanceof Phase.Enroll ? 1 : 0;
    for (int i = 0; i < phases.size(); i++) {
      requireOrder(phases.get(i), i, ramp);
    }
    if (phases.size() <= ramp) {
      throw new IllegalArgumentException(
          "phases: there is no ramp (expected: enroll, if at all, then"
              + " ramp, then any others)");
    }
  }

  /** Nothing is expected but what always is. */
  public Scenario(String name, List<Phase> phases) {
    this(name, phases, Expectations.NONE);
  }

  private static void requireOrder(Phase phase, int at, int ramp) {
    boolean fits = at < ramp || phase instanceof Phase.Ramp == (at == ramp);
    if (!fits || at > 0 && phase instanceof Phase.Enroll) {
      throw new IllegalArgumentException("phases: number " + (at + 1) + " is " + phase.name()
          + " (expected: enroll, if at all, then ramp, each once, then any others)");
    }
  }

  /**
   * A ramp, and nothing after it but what goes on.
   *
   * @param rampUp part of {@code duration}
   * @throws IllegalArgumentException naming what is out of bounds
   */
  public static Scenario plain(Duration duration, Duration rampUp) {
    if (duration.isNegative() || duration.isZero()) {
      throw new IllegalArgumentException("duration: " + duration + " (expected: above zero)");
    }
    if (rampUp.isNegative() || rampUp.compareTo(duration) > 0) {
      throw new IllegalArgumentException("rampUp: " + rampUp
          + " (expected: not negative, at most the duration, " + duration + ")");
    }
    Phase steady = new Phase.Steady(duration.minus(rampUp));
    return new Scenario(PLAIN, List.of(new Phase.Ramp(rampUp), steady));
  }

  /** Whether it is as {@link #plain} makes it, and nobody wanted anything else. */
  public boolean isPlain() {
    return name.equals(PLAIN) && phases.size() == 2 && phases.get(1) instanceof Phase.Steady;
  }

  /** Of all phases together, if enrolling takes as long as it may. */
  public Duration length() {
    return phases.stream().map(Phase::length).reduce(Duration.ZERO, Duration::plus);
  }
}
