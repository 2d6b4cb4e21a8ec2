/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.admin;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.muster.app.operator.OperatorClient;
import java.io.PrintStream;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "alarms",
    description = "Signs of copied keys.",
    subcommands = {AlarmCommands.ListAll.class, AlarmCommands.Acknowledge.class})
final class AlarmCommands {
  @Command(
      name = "list",
      description =
          "List alarms: second keys that ask for a device, sessions that throw each other out or come and go.")
  static final class ListAll extends AdminAction {
    @Mixin
    Watching watching = new Watching();

    @Override
    Watching watching() {
      return watching;
    }

    @Option(names = "--all", description = "Acknowledged ones, too.")
    boolean all;

    @Override
    JsonNode ask(OperatorClient client) {
      ObjectNode whole = JSON.createObjectNode();
      ArrayNode alarms = whole.putArray("alarms");
      // The enrollment service and the broker, of which one may run elsewhere.
      for (String path : List.of(
          "alarms?limit=1000" + (all ? "&all=true" : ""),
          "sessions/alarms" + (all ? "?all=true" : ""))) {
        client.find(path).ifPresent(answer -> answer.path("alarms").forEach(alarms::add));
      }
      return whole;
    }

    @Override
    void show(JsonNode answer, PrintStream out) {
      Table table = new Table("RAISED", "KIND", "DEVICE", "ID", "ACKNOWLEDGED", "DETAIL");
      answer
          .path("alarms")
          .forEach(a -> table.row(
              a.path("raisedAt"),
              a.path("kind"),
              a.has("device") ? a.path("device") : a.path("client"),
              a.path("id"),
              a.path("acknowledgedAt"),
              a.path("detail")));
      table.print(out);
    }
  }

  @Command(name = "acknowledge", description = "Say that an alarm was looked at.")
  static final class Acknowledge extends AdminAction {
    @Parameters(paramLabel = "ID", description = "The alarm's id.")
    String id = "";

    @Override
    JsonNode ask(OperatorClient client) {
      // The broker's begin so.
      String whose = id.startsWith("session-") ? "sessions/" : "";
      return client.post(
          whose + "alarms/" + OperatorClient.segment(id) + "/acknowledge", JSON.createObjectNode());
    }

    @Override
    void show(JsonNode answer, PrintStream out) {
      out.println("alarm " + id + ": acknowledged");
    }
  }
}
