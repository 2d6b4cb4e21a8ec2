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
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
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
      DeviceCommands.Release.class,
      DeviceCommands.Retire.class
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
      Table table = new Table("DEVICE", "FLEET", "STATUS", "SERIAL", "CERTIFICATE", "ENDS");
      answer
          .path("devices")
          .forEach(d -> table.row(
              d.path("id"),
              d.path("fleet"),
              d.path("status"),
              d.path("serial"),
              d.path("certificateStatus"),
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
  static final class Approve extends KeyDecision {
    Approve() {
      super("approve");
    }
  }

  @Command(name = "refuse", description = "Keep a waiting device out.")
  static final class Refuse extends KeyDecision {
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

  @Command(
      name = "retire",
      description = "End a device's life: its certificates are revoked, it stays out.")
  static final class Retire extends Decision {
    Retire() {
      super("retire");
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

    /** What the decision is about, besides the device. */
    ObjectNode details() {
      return JSON.createObjectNode();
    }

    @Override
    JsonNode ask(OperatorClient client) {
      return client.post(path() + "/" + verb, details());
    }

    @Override
    void show(JsonNode answer, PrintStream out) {
      out.println("device " + device + ": " + answer.path("status").asText(verb));
    }
  }

  /** A decision about a key that waits; which one matters if there are several. */
  abstract static class KeyDecision extends Decision {
    @Option(
        names = "--key",
        paramLabel = "FINGERPRINT",
        description = "Which of several waiting keys.")
    @Nullable String key;

    KeyDecision(String verb) {
      super(verb);
    }

    @Override
    ObjectNode details() {
      return key == null ? super.details() : super.details().put("key", key);
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
