/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.admin;

import com.fasterxml.jackson.databind.JsonNode;
import dev.muster.app.operator.OperatorClient;
import java.io.PrintStream;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Collectors;
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
      TelemetryCommands.DeadLetters.class
    })
final class TelemetryCommands {
  @Command(
      name = "latest",
      description = "The newest value of each metric, by the device's own time.")
  static final class Latest extends AdminAction {
    @Parameters(paramLabel = "DEVICE", description = "The device's id.")
    String device = "";

    @Override
    JsonNode ask(OperatorClient client) {
      return DeviceCommands.allPages(
          client,
          "devices/" + OperatorClient.segment(device) + "/telemetry/latest?limit=1000",
          "values");
    }

    @Override
    void show(JsonNode answer, PrintStream out) {
      if (answer.path("values").isEmpty()) {
        out.println("nothing is stored of " + device);
        return;
      }
      Table table = new Table("STREAM", "METRIC", "VALUE", "UNIT", "TIME");
      answer
          .path("values")
          .forEach(v -> table.row(
              v.path("stream"), v.path("metric"), v.path("value"), v.path("unit"), v.path("time")));
      table.print(out);
    }
  }

  @Command(name = "query", description = "Values over time.")
  static final class Query extends AdminAction {
    @Parameters(paramLabel = "DEVICE", description = "The device's id.")
    String device = "";

    @Option(names = "--stream", paramLabel = "NAME", description = "One stream only.")
    @Nullable String stream;

    @Option(names = "--metric", paramLabel = "NAME", description = "One metric only.")
    @Nullable String metric;

    @Option(
        names = "--from",
        paramLabel = "TIME",
        description = "RFC 3339, for example 2026-11-21T10:00:00Z.")
    @Nullable String from;

    @Option(names = "--to", paramLabel = "TIME", description = "RFC 3339.")
    @Nullable String to;

    @Option(
        names = "--points",
        paramLabel = "N",
        description = "At most this many points of each metric.")
    @Nullable Integer points;

    @Override
    JsonNode ask(OperatorClient client) {
      Map<String, @Nullable Object> asked = new LinkedHashMap<>();
      asked.put("stream", stream);
      asked.put("metric", metric);
      asked.put("from", from);
      asked.put("to", to);
      asked.put("points", points);
      String query = asked.entrySet().stream()
          .filter(entry -> entry.getValue() != null)
          .map(entry ->
              entry.getKey() + "=" + OperatorClient.segment(String.valueOf(entry.getValue())))
          .collect(Collectors.joining("&"));
      return client.get("devices/" + OperatorClient.segment(device) + "/telemetry?" + query);
    }

    @Override
    void show(JsonNode answer, PrintStream out) {
      if (answer.path("series").isEmpty()) {
        out.println("nothing is stored of " + device + " in that time");
        return;
      }
      Table table = new Table("TIME", "STREAM", "METRIC", "VALUE", "UNIT");
      answer
          .path("series")
          .forEach(s -> s.path("points")
              .forEach(p -> table.row(
                  p.path("time"),
                  s.path("stream"),
                  s.path("metric"),
                  p.path("value"),
                  s.path("unit"))));
      table.print(out);
    }
  }

  @Command(
      name = "dead-letters",
      description = "Messages that were acknowledged and kept, but could not be read, and why.")
  static final class DeadLetters extends AdminAction {
    @Parameters(paramLabel = "DEVICE", description = "The device's id.")
    String device = "";

    @Override
    JsonNode ask(OperatorClient client) {
      return client.get("devices/" + OperatorClient.segment(device) + "/dead-letters");
    }

    @Override
    void show(JsonNode answer, PrintStream out) {
      Table table = new Table("RECEIVED", "STREAM", "REASON");
      answer
          .path("deadLetters")
          .forEach(letter ->
              table.row(letter.path("receivedAt"), letter.path("stream"), letter.path("reason")));
      table.print(out);
    }
  }
}
