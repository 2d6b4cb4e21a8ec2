/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.simulator;

import static java.util.Objects.requireNonNull;

import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.HdrHistogram.AbstractHistogram;
import org.jspecify.annotations.Nullable;

/**
 * What a run came to.
 *
 * @param completed whether it lasted as long as planned; false if it was stopped
 * @param seed the plan's seed
 * @param duration from the first start to the last measurement
 * @param devices how many there were to be
 * @param enrolled devices that held an operational certificate
 * @param connected devices that were online at least once
 * @param offlineAtEnd devices that were not online when the last phase ended
 * @param sent messages handed to the SDK
 * @param acknowledged messages that the broker acknowledged
 * @param deviceFailures reason to number of devices, for those that never came online
 * @param messageFailures reason to number of messages, for those not acknowledged; with
 *     {@code acknowledged} they add up to {@code sent}
 * @param connectionFailures reason to how often a device was not or no more connected for it
 * @param broken what should not have happened, or could not be done, to how often
 * @param answered how often devices did as they were told by operators, and said so
 * @param phases in their order
 * @param samples second by second
 * @param server what was done to it, and seen of it
 * @param longestGap for which a device was offline after it had been online, or from when it was to
 *     come, or for which a message of one that a phase concerned waited; also if that lasted until
 *     the end of the run, but for those that were revoked; null if nothing was acknowledged
 * @param latency from the time at which a message was due to its acknowledgement; null if nothing
 *     was acknowledged
 */
public record RunReport(
    boolean completed,
    long seed,
    Duration duration,
    int devices,
    int enrolled,
    int connected,
    int offlineAtEnd,
    long sent,
    long acknowledged,
    SortedMap<String, Long> deviceFailures,
    SortedMap<String, Long> messageFailures,
    SortedMap<String, Long> connectionFailures,
    SortedMap<String, Long> broken,
    long answered,
    List<PhaseReport> phases,
    List<Sample> samples,
    ServerReport server,
    @Nullable Duration longestGap,
    @Nullable Latency latency) {
  public RunReport {
    requireNonNull(duration, "duration");
    deviceFailures = copy(deviceFailures);
    messageFailures = copy(messageFailures);
    connectionFailures = copy(connectionFailures);
    broken = copy(broken);
    phases = List.copyOf(phases);
    samples = List.copyOf(samples);
  }

  /** How many messages were sent and not acknowledged. */
  public long failed() {
    return sent - acknowledged;
  }

  private static SortedMap<String, Long> copy(Map<String, Long> counts) {
    return Collections.unmodifiableSortedMap(new TreeMap<>(counts));
  }

  /**
   * What was done to the server, and seen of it.
   *
   * @param kills how often it was killed
   * @param problems what the scenario wanted and could not be done
   * @param states as phases came to their end; empty if nothing is expected of them
   */
  public record ServerReport(int kills, List<String> problems, List<ServerState> states) {
    public static final ServerReport NONE = new ServerReport(0, List.of(), List.of());

    public ServerReport {
      problems = List.copyOf(problems);
      states = List.copyOf(states);
    }
  }

  /**
   * What a phase came to.
   *
   * @param sent messages that were due in it
   * @param latency of devices to which the phase did nothing; null if nothing was acknowledged
   * @param latencyOfTouched of the others
   * @param back how often a device came online again
   * @param offline for how long it had been offline until then
   * @param done how often what the phase wants came true: an answer to an operator was
   *     acknowledged, a revoked device was cut off, a certificate was renewed, a device that was
   *     cut came back
   * @param doneAfter how long after it was ordered or done
   * @param wanted to how many devices, or how often, the phase was to do something
   * @param achieved of these, to how many and how often it did: to devices that were online, and
   *     where it takes an answer ({@link dev.muster.simulator.scenario.Phase#isAnswered}) with one
   * @param untouched messages of devices to which the phase did nothing
   * @param unanswered of these, those that were not acknowledged
   */
  public record PhaseReport(
      String name,
      Duration begin,
      Duration length,
      long sent,
      long acknowledged,
      @Nullable Latency latency,
      @Nullable Latency latencyOfTouched,
      long back,
      @Nullable Latency offline,
      long done,
      @Nullable Latency doneAfter,
      long wanted,
      long achieved,
      long untouched,
      long unanswered) {}

  /**
   * Percentiles, in milliseconds.
   *
   * <p>Counted from when the message was due, not from when it was sent: what waits behind a slow
   * answer counts as slow too (no coordinated omission).
   */
  public record Latency(double p50Ms, double p90Ms, double p99Ms, double maxMs) {
    private static final double MICROS_PER_MS = 1000;

    /** @return null if {@code micros} is empty */
    static @Nullable Latency of(AbstractHistogram micros) {
      if (micros.getTotalCount() == 0) {
        return null;
      }
      return new Latency(
          micros.getValueAtPercentile(50) / MICROS_PER_MS,
          micros.getValueAtPercentile(90) / MICROS_PER_MS,
          micros.getValueAtPercentile(99) / MICROS_PER_MS,
          micros.getMaxValue() / MICROS_PER_MS);
    }
  }
}
