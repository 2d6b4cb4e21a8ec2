/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.simulator.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.DoubleStream;

/** Lines over the seconds of a run, as SVG that needs nothing from elsewhere. */
final class LineChart {
  private static final int WIDTH = 460;
  private static final int HEIGHT = 220;
  private static final int LEFT = 52;
  private static final int RIGHT = 8;
  private static final int TOP = 18;
  private static final int BOTTOM = 24;
  private static final int TICKS = 4;
  /** A line of more points than pixels says no more. */
  private static final int MOST_POINTS = 900;

  /** @param values NaN where there is none; the line has a gap there */
  record Line(String name, double[] values) {}

  /** A phase, shaded behind the lines. */
  record Band(String name, double from, double to) {}

  private final String title;
  private final String unit;
  private final double[] seconds;
  private final List<Band> bands;
  private final List<Line> lines = new ArrayList<>();

  LineChart(String title, String unit, double[] seconds, List<Band> bands) {
    this.title = title;
    this.unit = unit;
    this.seconds = seconds;
    this.bands = bands;
  }

  LineChart line(String name, double... values) {
    lines.add(new Line(name, values));
    return this;
  }

  String svg() {
    double top = niceTop(lines.stream()
        .flatMapToDouble(line -> DoubleStream.of(line.values()))
        .filter(Double::isFinite)
        .max()
        .orElse(0));
    StringBuilder svg = new StringBuilder("<figure><figcaption>" + Html.text(title) + " <small>"
        + Html.text(unit) + "</small>" + legend() + "</figcaption>");
    svg.append(String.format(
        Locale.ROOT,
        "<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"%s\">",
        WIDTH,
        HEIGHT,
        Html.text(title + ", " + unit)));
    bands(svg);
    axes(svg, top);
    for (int i = 0; i < lines.size(); i++) {
      svg.append("<path class=\"line l").append(i).append("\" d=\"");
      path(svg, lines.get(i).values(), top);
      svg.append("\"/>");
    }
    return svg.append("</svg></figure>").toString();
  }

  private String legend() {
    StringBuilder legend = new StringBuilder("<span class=\"legend\">");
    for (int i = 0; i < lines.size(); i++) {
      legend
          .append("<span><i class=\"l")
          .append(i)
          .append("\"></i>")
          .append(Html.text(lines.get(i).name()))
          .append("</span>");
    }
    return legend.append("</span>").toString();
  }

  private void bands(StringBuilder svg) {
    for (int i = 0; i < bands.size(); i++) {
      Band band = bands.get(i);
      double from = x(band.from());
      double width = x(band.to()) - from;
      svg.append(String.format(
          Locale.ROOT,
          "<g><title>%s</title><rect class=\"band b%d\" x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"%d\"/>",
          Html.text(band.name()),
          i % 2,
          from,
          TOP,
          Math.max(0, width),
          HEIGHT - TOP - BOTTOM));
      String label = Integer.toString(i + 1);
      // A name that has no place stands in the table of phases, under this number.
      label = width > (band.name().length() + 2) * 6.0 ? label + " " + band.name() : label;
      svg.append(String.format(
          Locale.ROOT,
          "<text class=\"phase\" x=\"%.1f\" y=\"%d\">%s</text>",
          from + width / 2,
          TOP - 6,
          Html.text(label)));
      svg.append("</g>");
    }
  }

  private void axes(StringBuilder svg, double top) {
    for (int i = 0; i <= TICKS; i++) {
      double value = top * i / TICKS;
      svg.append(String.format(
          Locale.ROOT,
          "<path class=\"grid\" d=\"M%d %.1fH%d\"/><text class=\"y\" x=\"%d\" y=\"%.1f\">%s</text>",
          LEFT,
          y(value, top),
          WIDTH - RIGHT,
          LEFT - 6,
          y(value, top) + 4,
          number(value)));
    }
    double step = niceTop(end() / TICKS);
    for (double at = 0; at <= end(); at += step) {
      svg.append(String.format(
          Locale.ROOT,
          "<text class=\"%s\" x=\"%.1f\" y=\"%d\">%s s</text>",
          x(at) > WIDTH - LEFT / 2.0 ? "x last" : "x",
          Math.min(x(at), WIDTH - 1),
          HEIGHT - 6,
          number(at)));
    }
  }

  private void path(StringBuilder svg, double[] values, double top) {
    int step = Math.max(1, (values.length + MOST_POINTS - 1) / MOST_POINTS);
    boolean pen = false;
    for (int i = 0; i < values.length; i += step) {
      double value = highest(values, i, step);
      if (Double.isFinite(value)) {
        svg.append(String.format(
            Locale.ROOT, "%s%.1f %.1f", pen ? "L" : "M", x(seconds[i]), y(value, top)));
        // A point without neighbours would not be seen.
        svg.append(pen ? "" : "h.1");
      }
      pen = Double.isFinite(value);
    }
  }

  /** What is left out must not be the peak. */
  private static double highest(double[] values, int from, int count) {
    double highest = Double.NaN;
    for (int i = from; i < Math.min(values.length, from + count); i++) {
      if (Double.isFinite(values[i]) && !(values[i] <= highest)) {
        highest = values[i];
      }
    }
    return highest;
  }

  private double end() {
    double last = seconds.length == 0 ? 1 : seconds[seconds.length - 1];
    double phases = bands.stream().mapToDouble(Band::to).max().orElse(0);
    return Math.max(last, phases);
  }

  private double x(double at) {
    return LEFT + (WIDTH - LEFT - RIGHT) * at / end();
  }

  private static double y(double value, double top) {
    return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * value / top;
  }

  /** The next of 1, 2, 4, 5, 8 or 10 times a power of ten: its quarters are short numbers. */
  static double niceTop(double highest) {
    if (highest <= 0) {
      return 1;
    }
    double power = Math.pow(10, Math.floor(Math.log10(highest)));
    return DoubleStream.of(1, 2, 4, 5, 8, 10)
        .map(factor -> factor * power)
        .filter(top -> top >= highest)
        .findFirst()
        .orElse(10 * power);
  }

  static String number(double value) {
    if (value >= 10_000) {
      return String.format(Locale.ROOT, "%,.0f", value).replace(',', '\u202f');
    }
    String text = String.format(Locale.ROOT, value < 10 ? "%.2f" : "%.1f", value);
    return text.replaceFirst("\\.?0+$", "");
  }
}
