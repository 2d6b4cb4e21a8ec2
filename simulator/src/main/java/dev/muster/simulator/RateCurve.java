/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.simulator;

import dev.muster.simulator.scenario.Phase;
import java.util.ArrayList;
import java.util.List;

/**
 * How much faster than usual devices send, over the time of a run. With it a message's time follows
 * from the one before: so many periods later, of which a burst makes more.
 */
final class RateCurve {
  private record Step(long end, double factor) {}

  private final List<Step> steps = new ArrayList<>();

  /** @param start of the first phase, in nanoseconds of the timeline */
  RateCurve(long start, List<Phase> phases) {
    long end = start;
    // What was sent before goes on at the usual rate.
    steps.add(new Step(start, 1));
    for (Phase phase : phases) {
      end += phase.length().toNanos();
      steps.add(new Step(end, phase instanceof Phase.Burst burst ? burst.factor() : 1));
    }
  }

  /** When, from {@code nanos} on, so much time has passed, counted at the usual rate. */
  long after(long nanos, double usual) {
    long at = nanos;
    double left = usual;
    for (Step step : steps) {
      double fits = (step.end() - at) * step.factor();
      if (fits >= left) {
        return at + (long) (left / step.factor());
      }
      if (fits > 0) {
        left -= fits;
        at = step.end();
      }
    }
    return at + (long) left;
  }
}
