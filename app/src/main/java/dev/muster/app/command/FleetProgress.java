/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.command;

import dev.muster.simulator.Progress;
import dev.muster.simulator.ProgressListener;
import java.io.PrintStream;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Shows how far a simulated fleet is: to a person at a terminal as a table that is written over
 * itself, elsewhere as a line when a phase begins. On stderr; what a run came to is on stdout.
 */
final class FleetProgress implements ProgressListener {
  private static final Duration BETWEEN_TABLES = Duration.ofMillis(400);
  /** Control sequences that every terminal knows (ECMA-48): so many lines up, and clear below. */
  private static final String UP_AND_CLEAR = "\u001b[%dA\u001b[J";

  private final LiveTable table;
  private final PrintStream out;
  private final boolean terminal;
  private int lines;
  private int part;
  private @Nullable Duration shown;

  FleetProgress(LiveTable table, PrintStream out, boolean terminal) {
    this.table = table;
    this.out = out;
    this.terminal = terminal;
  }

  /** Runs a fleet and shows it. @param phases null: it runs until it is stopped */
  static SimulatedFleet.Outcome watch(@Nullable Integer phases, SimulatedFleet fleet) {
    LiveTable table = new LiveTable(phases);
    // A demonstration that nobody watches has nothing to say.
    return fleet.run(
        Terminal.isWatched() || phases != null
            ? new FleetProgress(table, System.err, Terminal.isWatched())
            : ProgressListener.NONE);
  }

  @Override
  public void onProgress(Progress progress) {
    if (terminal) {
      showTable(progress);
    } else if (progress.part() != part) {
      part = progress.part();
      out.println(table.line(progress));
    }
  }

  /** In one write, so that it does not flicker. */
  private void showTable(Progress progress) {
    boolean due = shown == null
        || progress.elapsed().minus(shown).compareTo(BETWEEN_TABLES) >= 0
        || progress.phase() == Progress.Phase.ENDED;
    if (due) {
      shown = progress.elapsed();
      String text = String.join("\n", table.lines(progress)) + "\n";
      out.print((lines == 0 ? "" : String.format(UP_AND_CLEAR, lines)) + text);
      out.flush();
      lines = (int) text.lines().count();
    }
  }
}
