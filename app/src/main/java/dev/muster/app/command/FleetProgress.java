/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.command;

import dev.muster.simulator.Progress;
import dev.muster.simulator.ProgressListener;
import java.time.Duration;
import me.tongfei.progressbar.DelegatingProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;
import org.jspecify.annotations.Nullable;

/** Shows on a terminal how far a simulated fleet is: devices first, then time. */
final class FleetProgress implements ProgressListener, AutoCloseable {
  private static final int WIDTH = 79;

  private final ProgressBar bar;
  private final boolean timed;

  private FleetProgress(ProgressBar bar, boolean timed) {
    this.bar = bar;
    this.timed = timed;
  }

  /** Runs a fleet, with a bar if a person watches. @param duration null: until it is stopped */
  static SimulatedFleet.Outcome watch(
      int devices, @Nullable Duration duration, SimulatedFleet fleet) {
    if (!Terminal.isWatched()) {
      return fleet.run(ProgressListener.NONE);
    }
    try (FleetProgress bar =
        start(devices, duration == null ? 0 : duration.toSeconds(), duration != null)) {
      return fleet.run(bar);
    }
  }

  /** @param timed whether the run has an end, towards which the bar then grows */
  private static FleetProgress start(int devices, long seconds, boolean timed) {
    ProgressBar bar = new ProgressBarBuilder()
        .setTaskName(timed ? "seconds" : "devices")
        .setInitialMax(timed ? seconds : devices)
        .setStyle(ProgressBarStyle.ASCII)
        .setUpdateIntervalMillis(250)
        .continuousUpdate()
        // The library's own console would take the terminal over, and Ctrl-C with it.
        .setConsumer(
            new DelegatingProgressBarConsumer(line -> System.err.print("\r" + line), WIDTH))
        .hideEta()
        .build();
    return new FleetProgress(bar, timed);
  }

  @Override
  public void onProgress(Progress progress) {
    bar.stepTo(
        timed ? Math.min(bar.getMax(), progress.elapsed().toSeconds()) : progress.connected());
    bar.setExtraMessage(String.format(
        " %d/%d online, %d acknowledged, %d failed",
        progress.connected(), progress.devices(), progress.acknowledged(), progress.failed()));
  }

  @Override
  public void close() {
    bar.close();
    System.err.println();
  }
}
