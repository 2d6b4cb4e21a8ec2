/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.admin;

import com.fasterxml.jackson.databind.JsonNode;
import dev.muster.app.operator.OperatorClient;
import java.io.PrintStream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** Who is connected to the broker, and what was refused. */
@Command(
    name = "sessions",
    description = "Who is connected to the broker, and what was refused.",
    subcommands = {SessionCommands.ListAll.class, SessionCommands.Refusals.class})
final class SessionCommands {
  private SessionCommands() {}

  @Command(name = "list", description = "List who is connected.")
  static final class ListAll extends AdminAction {
    @Mixin
    Watching watching = new Watching();

    @Override
    Watching watching() {
      return watching;
    }

    @Override
    JsonNode ask(OperatorClient client) {
      return client.get("sessions");
    }

    @Override
    void show(JsonNode answer, PrintStream out) {
      Table table = new Table("CLIENT", "SUBJECT", "CERTIFICATE", "ADDRESS", "MQTT", "SINCE");
      answer
          .path("sessions")
          .forEach(session -> table.row(
              session.path("clientId"),
              session.path("subject"),
              session.path("certificateSerial"),
              session.path("address"),
              session.path("mqttVersion"),
              session.path("connectedAt")));
      table.print(out);
    }
  }

  @Command(
      name = "refusals",
      description = "What the broker has refused a device or a service since it started, and why.")
  static final class Refusals extends AdminAction {
    @Parameters(paramLabel = "NAME", description = "The id of a device, or the name of a service.")
    String name = "";

    @Override
    JsonNode ask(OperatorClient client) {
      return client.get("refusals/" + OperatorClient.segment(name));
    }

    @Override
    void show(JsonNode answer, PrintStream out) {
      if (answer.path("refusals").isEmpty()) {
        out.println("nothing was refused");
      }
      answer.path("refusals").forEach(account -> showAccount(account, out));
    }

    private static void showAccount(JsonNode account, PrintStream out) {
      out.println(
          account.path("subject").asText() + " (" + account.path("issuer").asText() + " CA)");
      account
          .path("counts")
          .properties()
          .forEach(count -> out.println("  " + count.getValue().asLong() + " x " + count.getKey()));
      Table table = new Table("AT", "OPERATION", "TOPIC", "RULE", "WHY");
      account
          .path("newest")
          .forEach(one -> table.row(
              one.path("at"),
              one.path("operation"),
              one.path("topic"),
              one.path("rule"),
              one.path("detail")));
      table.print(out);
    }
  }
}
