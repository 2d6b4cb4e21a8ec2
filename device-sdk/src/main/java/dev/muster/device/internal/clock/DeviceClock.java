/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.internal.clock;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.OptionalLong;
import java.util.UUID;
import java.util.function.LongSupplier;

/**
 * The system's clock, unless that tells a time that cannot be: before this SDK was built, before a
 * certificate of the device began, before what the device knew when it last knew the time. Then the
 * latest of these serves, the floor, and goes on from there by the monotonic clock. Then an
 * authenticated server tells the time, which raises the floor. Thread-safe.
 *
 * <p>A clock that is ahead is believed: nothing on the device contradicts it.
 */
public final class DeviceClock extends Clock {
  /** A server's date has seconds only, and was on its way for a while. */
  private static final Duration TOLERANCE = Duration.ofSeconds(60);

  private static final Path BOOT_ID = Path.of("/proc/sys/kernel/random/boot_id");

  private record Known(Instant floor, long ticks, boolean told) {}

  private final Clock system;
  private final LongSupplier ticks;
  private final UUID machine;
  private volatile Known known;

  /**
   * As programs use it: the monotonic clock of Linux counts from the start of the machine, also
   * over starts of the program.
   */
  public static DeviceClock of(Clock system, Instant floor) {
    return new DeviceClock(system, System::nanoTime, machineStart(), floor);
  }

  DeviceClock(Clock system, LongSupplier ticks, UUID machine, Instant floor) {
    this.system = system;
    this.ticks = ticks;
    this.machine = machine;
    this.known = new Known(floor, ticks.getAsLong(), false);
  }

  /** What Linux calls its boot id; elsewhere each start of the program counts as one. */
  private static UUID machineStart() {
    try {
      return UUID.fromString(Files.readString(BOOT_ID).strip());
    } catch (IOException | IllegalArgumentException e) {
      return UUID.randomUUID();
    }
  }

  @Override
  public Instant instant() {
    Instant now = system.instant();
    Instant floor = floor();
    return now.isBefore(floor.minus(TOLERANCE)) ? floor : now;
  }

  /** It is no earlier than this. */
  public Instant floor() {
    Known last = known;
    return last.floor().plusNanos(ticks.getAsLong() - last.ticks());
  }

  /** Whether {@link #instant} is only the earliest time that can be. */
  public boolean isEstimated() {
    Known last = known;
    return !last.told() && system.instant().isBefore(floor().minus(TOLERANCE));
  }

  /** How far the system's clock is behind what is known; zero if it is not. */
  public Duration behind() {
    Duration behind = Duration.between(system.instant(), floor());
    return behind.compareTo(TOLERANCE) > 0 ? behind : Duration.ZERO;
  }

  /** It is no earlier than this: a certificate that was issued says so, or a note on the disk. */
  public synchronized void raise(Instant floor) {
    if (floor.isAfter(floor())) {
      known = new Known(floor, ticks.getAsLong(), known.told());
    }
  }

  /** A server that was authenticated tells the time. A clock that may be right is left alone. */
  public synchronized void learn(Instant time) {
    if (behind().isZero()) {
      return;
    }
    Instant floor = floor();
    // A server whose clock is behind what is known for sure teaches nothing.
    if (!time.isBefore(floor.minus(TOLERANCE))) {
      known = new Known(time.isAfter(floor) ? time : floor, ticks.getAsLong(), true);
    }
  }

  /** Now, with what is needed to correct it later. */
  public Stamp stamp() {
    return new Stamp(millis(), isEstimated(), machine, ticks.getAsLong());
  }

  /**
   * What has to be added to an estimated time of this start of the machine, in milliseconds, now
   * that the time is known; empty if it is not, or nothing has to be.
   */
  public OptionalLong correctionMs(Stamp stamp) {
    if (!stamp.estimated() || isEstimated() || !stamp.machine().equals(machine)) {
      return OptionalLong.empty();
    }
    long ageNanos = ticks.getAsLong() - stamp.ticks();
    return OptionalLong.of(millis() - ageNanos / 1_000_000 - stamp.timeMs());
  }

  @Override
  public ZoneId getZone() {
    return ZoneOffset.UTC;
  }

  @Override
  public Clock withZone(ZoneId zone) {
    throw new UnsupportedOperationException("UTC only");
  }
}
