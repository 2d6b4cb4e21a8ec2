/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.command;

import dev.muster.simulator.Progress;
import dev.muster.simulator.RunReport;
import dev.muster.simulator.Sample;
import dev.muster.simulator.ServerProcess;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** A running fleet in a few lines of text, none longer than 79 characters. */
final class LiveTable {
  private static final int WIDTH = 79;
  private static final int BAR = 30;

  private final @Nullable Integer phases;
  private @Nullable Sample before;
  private @Nullable Sample last;

  /** @param phases how many there are; null: the run goes on until it is stopped */
  LiveTable(@Nullable Integer phases) {
    this.phases = phases;
  }

  /** For where nothing can be written over. */
  String line(Progress progress) {
    return fitting(
        "%s  %s, %,d of %,d devices online",
        clock(progress.elapsed()), phase(progress), progress.online(), progress.devices());
  }

  List<String> lines(Progress progress) {
    Sample newest = progress.last();
    if (newest != null && !newest.equals(last)) {
      before = last;
      last = newest;
    }
    List<String> lines = new ArrayList<>();
    lines.add(fitting("%s  %s", clock(progress.elapsed()), phase(progress)));
    if (phases != null) {
      lines.add(bar("time", progress.elapsed().toMillis(), progress.planned().toMillis()));
    }
    lines.add(bar("enrolled", progress.enrolled(), progress.devices()));
    lines.add(bar("online", progress.online(), progress.devices()));
    lines.add(fitting(
        "messages     %,d sent, %,d acknowledged, %,d failed",
        progress.sent(), progress.acknowledged(), progress.failed()));
    if (last != null) {
      lines.addAll(lastSecond(last));
    }
    return lines;
  }

  private List<String> lastSecond(Sample sample) {
    List<String> lines = new ArrayList<>();
    lines.add(fitting(
        "last second  %,d sent, %,d acknowledged, %,d failed",
        sample.sent(), sample.acknowledged(), sample.failed()));
    RunReport.Latency latency = sample.latency();
    lines.add(
        latency == null
            ? "             latency -"
            : fitting(
                "             latency p50 %.1f ms, p90 %.1f ms, p99 %.1f ms, max %.1f ms",
                latency.p50Ms(), latency.p90Ms(), latency.p99Ms(), latency.maxMs()));
    lines.add(fitting(
        "             connections %,d established, %,d lost or failed",
        sample.connects(), sample.disconnects()));
    ServerProcess.Usage server = sample.server();
    if (server != null) {
      lines.add(fitting(
          "server       %s%,d MiB resident",
          processor(sample, server), server.residentBytes() >> 20));
    }
    return lines;
  }

  private String processor(Sample sample, ServerProcess.Usage server) {
    Sample earlier = before;
    if (earlier == null
        || earlier.server() == null
        // It was started again, and counts from nothing.
        || earlier.server().cpu().compareTo(server.cpu()) > 0) {
      return "";
    }
    double share = (double) server.cpu().minus(earlier.server().cpu()).toNanos()
        / sample.at().minus(earlier.at()).toNanos();
    return String.format(Locale.ROOT, "%.0f %% of a processor, ", 100 * share);
  }

  private String phase(Progress progress) {
    return switch (progress.phase()) {
      case RUNNING ->
        phases == null
            ? progress.partName()
            : "phase " + progress.part() + " of " + phases + ": " + progress.partName();
      case DRAINING -> "waiting for the last acknowledgements";
      case CLOSING -> "closing the devices";
      case ENDED -> "done";
    };
  }

  private static String bar(String name, long done, long all) {
    double share = all == 0 ? 1 : Math.min(1, (double) done / all);
    int filled = (int) (share * BAR);
    String figures = name.equals("time")
        ? String.format(Locale.ROOT, "%.0f %%", 100 * share)
        : String.format(Locale.ROOT, "%,d of %,d", done, all);
    return fitting("%-12s [%s%s] %s", name, "#".repeat(filled), "-".repeat(BAR - filled), figures);
  }

  private static String clock(Duration elapsed) {
    return String.format(
        Locale.ROOT,
        "%d:%02d:%02d",
        elapsed.toHours(),
        elapsed.toMinutesPart(),
        elapsed.toSecondsPart());
  }

  private static String fitting(String format, Object... values) {
    String line = String.format(Locale.ROOT, format, values);
    return line.length() <= WIDTH ? line : line.substring(0, WIDTH);
  }
}
