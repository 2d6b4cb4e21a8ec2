/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.simulator.report;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;

/**
 * One page about one run. It needs nothing from elsewhere and runs no script; the run itself is in
 * it as JSON, so that pages can be compared.
 */
public final class HtmlReport {
  private static final String DATA_BEGIN = "<script type=\"application/json\" id=\"run\">";
  private static final String DATA_END = "</script>";
  private static final double MIB = 1 << 20;

  private final JsonNode run;
  private final List<JsonNode> samples;
  private final double[] seconds;
  private final List<LineChart.Band> bands;

  private HtmlReport(JsonNode run) {
    this.run = run;
    this.samples =
        StreamSupport.stream(run.path("samples").spliterator(), false).toList();
    this.seconds = values(sample -> sample.path("at").asDouble());
    this.bands = StreamSupport.stream(run.path("phases").spliterator(), false)
        .map(phase -> new LineChart.Band(
            phase.path("name").asText(),
            phase.path("begin").asDouble(),
            phase.path("begin").asDouble() + phase.path("seconds").asDouble()))
        .toList();
  }

  /** The page. @param run as {@link RunJson} makes it, with whatever the caller added */
  public static String page(JsonNode run) {
    return new HtmlReport(run).page();
  }

  /** The JSON of a page; the text itself if it is no page, or not a whole one. */
  static String data(String text) {
    int begin = text.indexOf(DATA_BEGIN);
    int end = text.indexOf(DATA_END, begin);
    return begin < 0 || end < 0 ? text : text.substring(begin + DATA_BEGIN.length(), end);
  }

  private String page() {
    String title = "Run of " + run.path("scenario").asText();
    String result = run.path("result").asText("unknown");
    return "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
        + "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">"
        + "<title>" + Html.text(title) + "</title><style>" + style() + "</style></head><body><main>"
        + "<h1>" + Html.text(title) + " <span class=\"badge " + Html.text(result) + "\">"
        + Html.text(result) + "</span></h1>"
        + figures()
        + expectations()
        + history()
        + "<section class=\"charts\">" + charts() + "</section>"
        + phases()
        + failures("What should not have happened", "broken")
        + failures("Connections that were lost, and attempts that failed", "connectionFailures")
        + failures("Messages that were not acknowledged", "messageFailures")
        + failures("Devices that never came online", "deviceFailures")
        + circumstances()
        + "</main>" + DATA_BEGIN + Html.json(run.toString()) + DATA_END + "</body></html>\n";
  }

  private static String style() {
    try (InputStream css = HtmlReport.class.getResourceAsStream("report.css")) {
      if (css == null) {
        throw new IllegalStateException("report.css is missing from this program");
      }
      return new String(css.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private String figures() {
    List<String> tiles = new ArrayList<>();
    tiles.add(tile("devices online", count("connected") + " of " + count("devices")));
    tiles.add(tile("acknowledged", count("acknowledged") + " of " + count("sent")));
    tiles.add(promise("lost", "lost"));
    tiles.add(promise("stored twice", "duplicated"));
    tiles.add(promise("altered", "altered"));
    tiles.add(promise("dead letters", "deadLetters"));
    tiles.add(tile("reordered", verdict("reordered")));
    tiles.add(tile("late", verdict("late")));
    tiles.add(tile("p50", milliseconds(run.path("latency").path("p50Ms"))));
    tiles.add(tile("p99", milliseconds(run.path("latency").path("p99Ms"))));
    return "<dl class=\"tiles\">" + String.join("", tiles) + "</dl>";
  }

  private String expectations() {
    StringBuilder rows = new StringBuilder();
    for (JsonNode one : run.path("expectations")) {
      rows.append("<tr><th scope=\"row\">")
          .append(Html.text(one.path("name").asText()))
          .append(
              one.path("holds").asBoolean()
                  ? "<td class=\"good\">holds"
                  : "<td class=\"bad\">does not hold")
          .append(cell(found(one)))
          .append(cell("at most " + number(one.path("limit"))))
          .append("</tr>");
    }
    for (JsonNode problem : run.path("serverFaults").path("problems")) {
      rows.append("<tr><th class=\"bad\" scope=\"row\" colspan=\"4\">")
          .append(Html.text(problem.asText()))
          .append("</th></tr>");
    }
    return rows.isEmpty()
        ? ""
        : "<h2>What was expected</h2><div class=\"scroll\"><table><tbody>" + rows
            + "</tbody></table></div>";
  }

  private static String found(JsonNode verdict) {
    return verdict.path("found").isNumber()
        ? number(verdict.path("found"))
        : verdict.path("why").asText("not measured");
  }

  private static String number(JsonNode value) {
    return String.format(Locale.ROOT, "%.2f", value.asDouble()).replaceFirst("\\.?0+$", "");
  }

  /** Of the device that shows a broken promise. */
  private String history() {
    if (run.path("history").isEmpty()) {
      return "";
    }
    String lines = StreamSupport.stream(run.path("history").spliterator(), false)
        .map(line -> Html.text(line.asText()))
        .collect(Collectors.joining("\n"));
    return "<h2>A broken promise</h2><div class=\"scroll\"><pre>" + lines + "</pre></div>";
  }

  private static String tile(String name, String value) {
    return "<div><dt>" + Html.text(name) + "</dt><dd>" + Html.text(value) + "</dd></div>";
  }

  /** What should be none. */
  private String promise(String name, String key) {
    String tile = tile(name, verdict(key));
    return run.path(key).asLong() > 0 ? tile.replaceFirst("<dd>", "<dd class=\"bad\">") : tile;
  }

  private String count(String key) {
    return LineChart.number(run.path(key).asDouble());
  }

  private String verdict(String key) {
    return run.path(key).isNumber() ? count(key) : "not looked up";
  }

  private static String milliseconds(JsonNode value) {
    return value.isNumber() ? String.format(Locale.ROOT, "%.1f ms", value.asDouble()) : "\u2013";
  }

  private String charts() {
    StringBuilder charts = new StringBuilder();
    charts.append(chart("Messages", "per second")
        .line("sent", counts("sent"))
        .line("acknowledged", counts("acknowledged"))
        .svg());
    charts.append(chart("Latency", "ms, from due to acknowledged")
        .line("p50", latency("p50Ms"))
        .line("p90", latency("p90Ms"))
        .line("p99", latency("p99Ms"))
        .svg());
    charts.append(chart("Devices online", "").line("online", counts("online")).svg());
    charts.append(chart("Connections", "per second")
        .line("established", counts("connects"))
        .line("lost or failed", counts("disconnects"))
        .svg());
    if (samples.stream().anyMatch(sample -> sample.has("server"))) {
      charts.append(
          chart("Processor of the server", "% of one").line("server", cpu()).svg());
      charts.append(chart("Memory of the server", "MiB resident")
          .line(
              "server",
              values(sample -> sample.has("server")
                  ? sample.path("server").path("residentBytes").asDouble() / MIB
                  : Double.NaN))
          .svg());
    }
    return charts.toString();
  }

  private LineChart chart(String title, String unit) {
    return new LineChart(title, unit, seconds, bands);
  }

  private double[] values(ToDoubleFunction<JsonNode> value) {
    return samples.stream().mapToDouble(value).toArray();
  }

  private double[] counts(String key) {
    return values(sample -> sample.path(key).asDouble());
  }

  private double[] latency(String key) {
    return values(sample -> sample.path("latency").path(key).asDouble(Double.NaN));
  }

  /** The share of the second before each sample. */
  private double[] cpu() {
    double[] total =
        values(sample -> sample.path("server").path("cpuSeconds").asDouble(Double.NaN));
    double[] share = new double[total.length];
    for (int i = 0; i < total.length; i++) {
      // It was started again, and counts from nothing.
      share[i] = i == 0 || total[i] < total[i - 1]
          ? Double.NaN
          : 100 * (total[i] - total[i - 1]) / (seconds[i] - seconds[i - 1]);
    }
    return share;
  }

  private String phases() {
    StringBuilder rows = new StringBuilder();
    int number = 0;
    for (JsonNode phase : run.path("phases")) {
      number++;
      rows.append("<tr><th scope=\"row\">")
          .append(number + " " + Html.text(phase.path("name").asText()))
          .append(
              cell(String.format(Locale.ROOT, "%.1f s", phase.path("seconds").asDouble())))
          .append(cell(LineChart.number(phase.path("sent").asDouble())))
          .append(cell(LineChart.number(phase.path("acknowledged").asDouble())))
          .append(cell(milliseconds(phase.path("latency").path("p50Ms"))))
          .append(cell(milliseconds(phase.path("latency").path("p99Ms"))))
          .append(cell(milliseconds(phase.path("latencyOfTouched").path("p99Ms"))))
          .append(cell(LineChart.number(phase.path("back").asDouble())))
          .append(cell(milliseconds(phase.path("offline").path("p99Ms"))))
          .append(cell(LineChart.number(phase.path("done").asDouble())))
          .append(cell(milliseconds(phase.path("doneAfter").path("p99Ms"))))
          .append("</tr>");
    }
    return "<h2>Phases</h2><div class=\"scroll\"><table><thead><tr><th>phase<th>length<th>sent"
        + "<th>acknowledged<th>p50<th>p99<th>p99 of those concerned<th>back online"
        + "<th>p99 offline<th>done as ordered<th>p99 until done</tr></thead><tbody>" + rows
        + "</tbody></table></div>";
  }

  private static String cell(String text) {
    return "<td>" + Html.text(text);
  }

  private String failures(String title, String key) {
    JsonNode counts = run.path(key);
    if (counts.isEmpty()) {
      return "";
    }
    String rows = counts.properties().stream()
        .sorted(Map.Entry.comparingByValue((a, b) -> Long.compare(b.asLong(), a.asLong())))
        .map(entry -> "<tr><th scope=\"row\">" + Html.text(entry.getKey()) + "<td class=\"count\">"
            + LineChart.number(entry.getValue().asDouble()) + "</tr>")
        .collect(Collectors.joining());
    return "<h2>" + title + "</h2><div class=\"scroll\"><table class=\"reasons\"><tbody>" + rows
        + "</tbody></table></div>";
  }

  private String circumstances() {
    JsonNode machine = run.path("machine");
    return "<h2>Circumstances</h2><div class=\"scroll\"><table class=\"reasons\"><tbody>"
        + row("seed", run.path("seed").asText())
        + row("server", run.path("server").asText())
        + row(
            "devices",
            run.path("client").asText() + ", "
                + LineChart.number(run.path("messagesPerSecond").asDouble())
                + " messages a second each")
        + row("version of the server", run.path("serverVersion").asText("unknown"))
        + row("version of the simulator", run.path("version").asText("unknown"))
        + row("server killed", run.path("serverFaults").path("kills").asInt() + " times")
        + row("began", run.path("began").asText("unknown"))
        + row(
            "machine of the fleet",
            machine.path("processors").asText() + " processors"
                + (machine.hasNonNull("cpu") ? " (" + machine.path("cpu").asText() + ")" : "")
                + ", memory of " + machine.path("memoryMiB").asText() + " MiB, heap of "
                + machine.path("heapMiB").asText() + " MiB, "
                + machine.path("system").asText()
                + ", Java " + machine.path("java").asText())
        + "</tbody></table></div>"
        + scenario();
  }

  /** As it was written; empty if there was no file. */
  private String scenario() {
    return run.hasNonNull("scenarioText")
        ? "<h2>The scenario</h2><div class=\"scroll\"><pre>"
            + Html.text(run.path("scenarioText").asText()) + "</pre></div>"
        : "";
  }

  private static String row(String name, String value) {
    return "<tr><th scope=\"row\">" + Html.text(name) + cell(value) + "</tr>";
  }
}
