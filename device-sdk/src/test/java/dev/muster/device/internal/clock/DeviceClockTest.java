/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.internal.clock;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.Arrays;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DeviceClockTest {
  private static final Instant BUILT = Instant.parse("2026-01-01T00:00:00Z");
  private static final Instant TRUE_TIME = Instant.parse("2026-11-25T12:00:00Z");
  private static final UUID MACHINE = UUID.randomUUID();

  private Duration uptime = Duration.ZERO;
  private Instant systemAtStart = Instant.EPOCH;

  private DeviceClock clock() {
    return clock(MACHINE);
  }

  private DeviceClock clock(UUID machine) {
    Clock system = new Clock() {
      @Override
      public Instant instant() {
        return systemAtStart.plus(uptime);
      }

      @Override
      public ZoneOffset getZone() {
        return ZoneOffset.UTC;
      }

      @Override
      public Clock withZone(ZoneId zone) {
        return this;
      }
    };
    return new DeviceClock(system, () -> uptime.toNanos(), machine, BUILT);
  }

  @Test
  void clockNeverSet_goesOnFromTheFloorAndSaysSo() {
    DeviceClock clock = clock();
    uptime = Duration.ofSeconds(90);

    assertThat(clock.instant()).isEqualTo(BUILT.plusSeconds(90));
    assertThat(clock.isEstimated()).isTrue();
    assertThat(clock.behind()).isGreaterThan(Duration.ofDays(20_000));
  }

  @Test
  void clockRight_isBelieved() {
    systemAtStart = TRUE_TIME;
    DeviceClock clock = clock();

    assertThat(clock.instant()).isEqualTo(TRUE_TIME);
    assertThat(clock.isEstimated()).isFalse();
    assertThat(clock.behind()).isZero();
    assertThat(clock.stamp().estimated()).isFalse();
  }

  @Test
  void learn_clockNeverSet_knowsTheTimeFromThenOn() {
    DeviceClock clock = clock();
    clock.learn(TRUE_TIME);
    uptime = Duration.ofHours(1);

    assertThat(clock.instant()).isEqualTo(TRUE_TIME.plus(uptime));
    assertThat(clock.isEstimated()).isFalse();
  }

  @Test
  void learn_thenSystemClockIsSet_thatServes() {
    DeviceClock clock = clock();
    clock.learn(TRUE_TIME);

    systemAtStart = TRUE_TIME.plusMillis(250);

    assertThat(clock.instant()).isEqualTo(TRUE_TIME.plusMillis(250));
  }

  @Test
  void learn_serverIsBehindTheFloor_teachesNothing() {
    DeviceClock clock = clock();

    clock.learn(BUILT.minus(Duration.ofDays(1)));

    assertThat(clock.isEstimated()).isTrue();
    assertThat(clock.instant()).isEqualTo(BUILT);
  }

  @Test
  void learn_clockMayBeRight_isNotOverruled() {
    systemAtStart = TRUE_TIME;
    DeviceClock clock = clock();

    clock.learn(TRUE_TIME.plus(Duration.ofDays(3650)));

    assertThat(clock.instant()).isEqualTo(TRUE_TIME);
    assertThat(clock.floor()).isEqualTo(BUILT);
  }

  @Test
  void raise_byACertificate_isAFloorAndNoMore() {
    DeviceClock clock = clock();
    clock.raise(TRUE_TIME.minus(Duration.ofDays(3)));
    clock.raise(BUILT.minus(Duration.ofDays(3)));

    assertThat(clock.instant()).isEqualTo(TRUE_TIME.minus(Duration.ofDays(3)));
    assertThat(clock.isEstimated()).isTrue();
  }

  @Test
  void correction_ofAnEstimate_isWhatItWasOffAlsoAfterAnotherStartOfTheProgram() {
    DeviceClock first = clock();
    uptime = Duration.ofSeconds(100);
    Stamp stamp = first.stamp();
    assertThat(first.correctionMs(stamp)).isEmpty();
    uptime = Duration.ofSeconds(500);
    DeviceClock second = clock();
    second.learn(TRUE_TIME);

    Instant corrected =
        Instant.ofEpochMilli(stamp.timeMs() + second.correctionMs(stamp).orElseThrow());

    assertThat(corrected).isEqualTo(TRUE_TIME.minusSeconds(400));
    assertThat(clock(UUID.randomUUID()).correctionMs(stamp)).isEmpty();
    assertThat(second.correctionMs(second.stamp())).isEmpty();
  }

  @Test
  void note_kept_isReadAndDamageIsNone(@TempDir Path folder) throws IOException {
    TimeNote note = new TimeNote(folder);
    assertThat(note.read(Instant.MAX)).isEmpty();
    note.keep(TRUE_TIME);
    note.keep(TRUE_TIME.plusSeconds(5)); // Too soon to be worth a flush.

    assertThat(new TimeNote(folder).read(Instant.MAX)).contains(TRUE_TIME);
    assertThat(new TimeNote(folder).read(TRUE_TIME.minusSeconds(1))).isEmpty();
    byte[] whole = Files.readAllBytes(folder.resolve("time"));
    for (int length = 0; length < whole.length - 1; length++) {
      byte[] torn = Arrays.copyOf(whole, length);
      Files.write(folder.resolve("time"), torn);
      assertThat(new TimeNote(folder).read(Instant.MAX))
          .as("torn at %d", length)
          .isEmpty();
      Files.write(folder.resolve("time"), Arrays.copyOf(torn, whole.length));
      assertThat(new TimeNote(folder).read(Instant.MAX))
          .as("zeros from %d", length)
          .isEmpty();
    }
    assertThat(TimeNote.buildTime()).isAfterOrEqualTo(BUILT);
  }
}
