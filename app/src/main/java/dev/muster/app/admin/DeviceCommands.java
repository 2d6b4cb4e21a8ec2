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
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** The devices of the fleet. */
@Command(
    name = "devices",
    description = "The devices of the fleet.",
    subcommands = {
      DeviceCommands.ListAll.class,
      DeviceCommands.Show.class,
      DeviceCommands.Approve.class,
      DeviceCommands.Refuse.class,
      DeviceCommands.Release.class
    })
final class DeviceCommands {
  @Command(name = "list", description = "List devices.")
  static final class ListAll extends AdminAction {
    @Override
    JsonNode ask(OperatorClient client) {
      return allPages(client, "devices?limit=500", "devices");
    }

    @Override
    void show(JsonNode answer, PrintStream out) {
      Table table = new Table("DEVICE", "FLEET", "STATUS", "SERIAL", "CERTIFICATE ENDS");
      answer
          .path("devices")
          .forEach(d -> table.row(
              d.path("id"),
              d.path("fleet"),
              d.path("status"),
              d.path("serial"),
              d.path("notAfter")));
      table.print(out);
    }
  }

  @Command(name = "show", description = "Show one device.")
  static final class Show extends OneDevice {
    @Override
    JsonNode ask(OperatorClient client) {
      return client.get(path());
    }

    @Override
    void show(JsonNode answer, PrintStream out) {
      Table table = new Table("FIELD", "VALUE");
      answer.properties().forEach(field -> table.row(field.getKey(), field.getValue()));
      table.print(out);
    }
  }

  @Command(
      name = "approve",
      description = "Let a waiting device in; for a second key, its old certificate ends.")
  static final class Approve extends Decision {
    Approve() {
      super("approve");
    }
  }

  @Command(name = "refuse", description = "Keep a waiting device out.")
  static final class Refuse extends Decision {
    Refuse() {
      super("refuse");
    }
  }

  @Command(name = "release", description = "Let a device enroll anew with another key.")
  static final class Release extends Decision {
    Release() {
      super("release");
    }
  }

  abstract static class OneDevice extends AdminAction {
    @Parameters(paramLabel = "DEVICE", description = "The device's id.")
    String device = "";

    String path() {
      return "devices/" + OperatorClient.segment(device);
    }
  }

  abstract static class Decision extends OneDevice {
    private final String verb;

    Decision(String verb) {
      this.verb = verb;
    }

    @Override
    JsonNode ask(OperatorClient client) {
      return client.post(path() + "/" + verb, JSON.createObjectNode());
    }

    @Override
    void show(JsonNode answer, PrintStream out) {
      out.println("device " + device + ": " + answer.path("status").asText(verb));
    }
  }

  /** Follows a paged answer to its end. */
  static JsonNode allPages(OperatorClient client, String path, String name) {
    ArrayNode all = OperatorAction.JSON.createArrayNode();
    JsonNode next = OperatorAction.JSON.nullNode();
    do {
      String page = next.isNull() ? path : path + "&after=" + OperatorClient.segment(next.asText());
      JsonNode answer = client.get(page);
      answer.path(name).forEach(all::add);
      next = answer.path("next").isMissingNode()
          ? OperatorAction.JSON.nullNode()
          : answer.path("next");
    } while (!next.isNull());
    ObjectNode whole = OperatorAction.JSON.createObjectNode();
    whole.set(name, all);
    return whole;
  }
}
