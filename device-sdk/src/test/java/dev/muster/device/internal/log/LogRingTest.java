/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.internal.log;

import static org.assertj.core.api.Assertions.assertThat;

import dev.muster.device.internal.json.Json;
import dev.muster.testing.MovableClock;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.slf4j.Logger;

class LogRingTest {
  private static final Logger LOG = DeviceLogger.of(LogRingTest.class);

  private final MovableClock clock = MovableClock.at(Instant.parse("2026-01-01T00:00:00Z"));
  private final LogRing ring = new LogRing(clock);

  @Test
  void log_onAThreadOfTheDevice_isKeptFromInfoOn() {
    ring.bound(() -> {
          LOG.debug("Not kept");
          LOG.info("Connected host={} tries={}", "h", 2);
          LOG.warn(
              "Disk full file={}",
              "f",
              new UncheckedIOException("cannot write", new IOException("No space left")));
        })
        .run();

    assertThat(ring.snapshot().lines())
        .containsExactly(
            "2026-01-01T00:00:00Z INFO LogRingTest Connected host=h tries=2",
            "2026-01-01T00:00:00Z WARN LogRingTest Disk full file=f: java.io.UncheckedIOException:"
                + " cannot write, because of java.io.IOException: No space left");
  }

  @Test
  void log_elsewhereOrForAnother_isKeptByNoOtherRing() {
    LogRing other = new LogRing(clock);
    ring.bound(() -> {
          other.bound(() -> LOG.info("Other's")).run();
          LOG.info("Own");
        })
        .run();
    LOG.info("Nobody's");

    assertThat(ring.snapshot().lines()).singleElement().asString().endsWith("Own");
    assertThat(other.snapshot().lines()).singleElement().asString().endsWith("Other's");
  }

  @Test
  void log_withControlCharacters_isOneLine() {
    ring.bound(() -> LOG.info("Refused reason={}", "bad\r\n2026 INFO forged\u001b[2J"))
        .run();

    assertThat(ring.snapshot().lines())
        .containsExactly(
            "2026-01-01T00:00:00Z INFO LogRingTest Refused reason=bad??2026 INFO forged?[2J");
  }

  @Test
  void log_forEver_holdsTheNewestWithinItsBoundsAndCountsTheOthers() {
    ring.bound(() -> {
          for (int i = 0; i < 500; i++) {
            LOG.info("Line {} {}", i, "\u20ac".repeat(2 * LogRing.MAX_LINE));
          }
          LOG.info("Last");
        })
        .run();

    LogRing.Snapshot held = ring.snapshot();
    assertThat(held.lines()).last().asString().endsWith("Last");
    assertThat(held.lines())
        .allSatisfy(line -> assertThat(line).hasSizeLessThanOrEqualTo(LogRing.MAX_LINE));
    assertThat(held.lines().size() + held.dropped()).isEqualTo(501);
    assertThat(held.lines().stream().mapToInt(String::length).sum())
        .isBetween(LogRing.MAX_CHARS - LogRing.MAX_LINE, LogRing.MAX_CHARS);
    // What a command may answer with.
    assertThat(Json.write(held.lines())).hasSizeLessThan(60 * 1024);
    assertThat(held.newest(1).lines()).hasSize(1);
    assertThat(held.newest(1).dropped()).isEqualTo(500);
    assertThat(held.newest(1000)).isEqualTo(held);
  }
}
