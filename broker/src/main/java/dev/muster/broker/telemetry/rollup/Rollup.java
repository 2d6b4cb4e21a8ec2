/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.telemetry.rollup;

/**
 * Some numbers of a series, in short. Whichever way they are put together, the result is the same;
 * so what comes late is simply added.
 *
 * @param last the newest by its time, of one time by its sequence
 */
public record Rollup(
    long count,
    double least,
    double most,
    double mean,
    double last,
    long lastMicros,
    long lastSequence) {

  static Rollup of(double number, long micros, long sequence) {
    return new Rollup(1, number, number, number, number, micros, sequence);
  }

  /** Both together. @param other wins where neither is newer */
  public Rollup plus(Rollup other) {
    long both = count + other.count;
    Rollup newer = other.isOlderThan(this) ? this : other;
    return new Rollup(
        both,
        Math.min(least, other.least),
        Math.max(most, other.most),
        // A sum could leave the range of a double; parts of the two means cannot.
        mean * ((double) count / both) + other.mean * ((double) other.count / both),
        newer.last,
        newer.lastMicros,
        newer.lastSequence);
  }

  private boolean isOlderThan(Rollup other) {
    return lastMicros < other.lastMicros
        || lastMicros == other.lastMicros && lastSequence < other.lastSequence;
  }
}
