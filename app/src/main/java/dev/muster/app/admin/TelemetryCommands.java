/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.admin;

import com.fasterxml.jackson.databind.JsonNode;
import dev.muster.app.operator.OperatorClient;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** What devices have measured. */
@Command(
    name = "telemetry",
    description = "What devices have measured.",
    subcommands = {
      TelemetryCommands.Latest.class,
      TelemetryCommands.Query.class,
      TelemetryCommands.Export.class,
      MessageCommands.Messages.class,
      MessageCommands.Raw.class,
      SequenceCommands.Gaps.class,
      SequenceCommands.DeviceClock.class
    })
final class TelemetryCommands {
  /** Devices, and which of their values. */
  abstract static class OfDevices extends AdminAction {
    @Parameters(arity = "1..*", paramLabel = "DEVICE", description = "The ids of devices.")
    List<String> devices = List.of();

    @Option(names = "--stream", paramLabel = "NAME", description = "One stream only.")
    @Nullable String stream;

    @Option(names = "--metric", paramLabel = "NAME", description = "One metric only.")
    @Nullable String metric;

    @Option(
        names = "--series",
        paramLabel = "STREAM/METRIC",
        description = "These alone, for example env/temperature; may be given again.")
    List<String> series = List.of();

    /** The parameters of the query; those that are null are left out. */
    String query(String... more) {
      List<String> parameters = new ArrayList<>();
      devices.forEach(device -> add(parameters, "device", device));
      add(parameters, "stream", stream);
      add(parameters, "metric", metric);
      series.forEach(one -> add(parameters, "series", one));
      parameters.addAll(List.of(more));
      return String.join("&", parameters);
    }

    private static void add(List<String> parameters, String name, @Nullable Object value) {
      if (value != null) {
        parameters.add(name + "=" + OperatorClient.segment(value.toString()));
      }
    }
  }

  /** Values of devices in a time. */
  abstract static class OverTime extends OfDevices {
    @Option(
        names = "--from",
        paramLabel = "TIME",
        description = "RFC 3339, for example 2026-11-21T10:00:00Z (default: a day ago).")
    @Nullable String from;

    @Option(names = "--to", paramLabel = "TIME", description = "RFC 3339 (default: now).")
    @Nullable String to;

    String queryOverTime(String name, @Nullable Object value) {
      List<String> more = new ArrayList<>();
      OfDevices.add(more, "from", from);
      OfDevices.add(more, "to", to);
      OfDevices.add(more, name, value);
      return query(more.toArray(String[]::new));
    }
  }

  @Command(
      name = "latest",
      description = "The newest value of each metric, by the device's own time.")
  static final class Latest extends OfDevices {
    @Option(names = "--csv", description = "Print CSV.")
    boolean csv;

    @Override
    JsonNode ask(OperatorClient client) {
      return DeviceCommands.allPages(client, "telemetry/latest?" + query("limit=1000"), "values");
    }

    @Override
    void show(JsonNode answer, PrintStream out) {
      ValueTable table = new ValueTable("DEVICE", "STREAM", "METRIC", "VALUE", "UNIT", "TIME");
      answer
          .path("values")
          .forEach(v -> table.row(
              v.path("device"),
              v.path("stream"),
              v.path("metric"),
              v.path("value"),
              v.path("unit"),
              v.path("time")));
      table.print(csv, "nothing is stored of " + String.join(", ", devices), out);
    }
  }

  @Command(
      name = "query",
      description = "Values over time. Where they are too many, each point stands for some: its"
          + " value is their mean, beside the least and the most of them.")
  static final class Query extends OverTime {
    @Option(
        names = "--points",
        paramLabel = "N",
        description = "At most this many points of each metric.")
    @Nullable Integer points;

    @Option(names = "--csv", description = "Print CSV.")
    boolean csv;

    @Override
    JsonNode ask(OperatorClient client) {
      return client.get("telemetry?" + queryOverTime("points", points));
    }

    @Override
    void show(JsonNode answer, PrintStream out) {
      ValueTable table = new ValueTable(
          "TIME", "DEVICE", "STREAM", "METRIC", "VALUE", "UNIT", "MIN", "MAX", "COUNT", "TIER");
      answer
          .path("series")
          .forEach(s -> s.path("points")
              .forEach(p -> table.row(
                  p.path("time"),
                  s.path("device"),
                  s.path("stream"),
                  s.path("metric"),
                  p.path("value"),
                  s.path("unit"),
                  p.path("min"),
                  p.path("max"),
                  p.path("count"),
                  s.path("tier"))));
      String nothing = "nothing is stored of " + String.join(", ", devices) + " in that time";
      table.print(csv, nothing, out);
      if (answer.path("more").asBoolean()) {
        System.err.println("there are more series than these (hint: --stream, --metric)");
      }
    }
  }

  @Command(
      name = "export",
      description = "Write all values of some devices to a file, a line each, NDJSON or CSV.")
  static final class Export extends OverTime {
    @Option(
        names = "--tier",
        paramLabel = "TIER",
        description =
            "raw (default), or what the values of each minute, hour or day were: 1m, 1h," + " 1d.")
    @Nullable String tier;

    @Option(names = "--csv", description = "Write CSV.")
    boolean csv;

    @Option(names = "--out", required = true, paramLabel = "FILE", description = "The file.")
    Path out = Path.of("");

    @Override
    JsonNode ask(OperatorClient client) {
      String format = csv ? "&format=csv" : "&format=ndjson";
      long bytes = client.download("telemetry/export?" + queryOverTime("tier", tier) + format, out);
      return JSON.createObjectNode().put("file", out.toString()).put("bytes", bytes);
    }

    @Override
    void show(JsonNode answer, PrintStream print) {
      print.println(answer.path("bytes").asLong() + " bytes written to " + out);
    }
  }
}
