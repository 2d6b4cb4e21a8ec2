/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.telemetry.sequence;

import java.time.Instant;
import java.util.List;

/**
 * The sequence numbers of one start of a device.
 *
 * @param first the lowest that has come
 * @param last the highest
 * @param lastReceivedAt when the newest message came
 * @param gaps what has not come of the numbers between
 */
public record BootSequence(
    String boot, long first, long last, Instant lastReceivedAt, List<Gap> gaps) {
  /** Numbers that have not come, both ends included. */
  public record Gap(long from, long to) {
    public long size() {
      return to - from + 1;
    }
  }

  public BootSequence {
    gaps = List.copyOf(gaps);
  }

  /** How many have not come. */
  public long missing() {
    return gaps.stream().mapToLong(Gap::size).sum();
  }

  /** How many have come. */
  public long received() {
    return last - first + 1 - missing();
  }
}
