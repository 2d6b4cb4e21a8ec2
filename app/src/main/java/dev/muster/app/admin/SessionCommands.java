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
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Who is connected to the broker, and what was refused. */
@Command(
    name = "sessions",
    description = "Who is connected to the broker, and what was refused.",
    subcommands = {
      SessionCommands.ListAll.class,
      SessionCommands.Explain.class,
      SessionCommands.Refusals.class
    })
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
      name = "explain",
      description = "Whether a client that is connected may do something, and by which rule; exit"
          + " code 1 if not.")
  static final class Explain extends AdminAction {
    @Parameters(paramLabel = "CLIENT", description = "Its client id.")
    String client = "";

    @ArgGroup(multiplicity = "1")
    Act act = new Act();

    @Option(names = "--retain", description = "With --publish or --will: retained.")
    boolean retain;

    @Option(names = "--bytes", paramLabel = "N", description = "So many bytes of payload.")
    @Nullable Integer bytes;

    static final class Act {
      @Option(names = "--publish", paramLabel = "TOPIC", description = "Publish to a topic.")
      @Nullable String publish;

      @Option(names = "--will", paramLabel = "TOPIC", description = "Leave a will to a topic.")
      @Nullable String will;

      @Option(names = "--subscribe", paramLabel = "FILTER", description = "Subscribe to a filter.")
      @Nullable String subscribe;

      @Option(names = "--receive", paramLabel = "TOPIC", description = "Receive from a topic.")
      @Nullable String receive;

      String query() {
        Map<String, @Nullable String> acts = new LinkedHashMap<>();
        acts.put("publish", publish);
        acts.put("will", will);
        acts.put("subscribe", subscribe);
        acts.put("receive", receive);
        return acts.entrySet().stream()
            .filter(one -> one.getValue() != null)
            .map(one -> one.getKey() + "=" + OperatorClient.segment(one.getValue()))
            .collect(Collectors.joining("&"));
      }
    }

    @Override
    JsonNode ask(OperatorClient operator) {
      return operator.get("sessions/" + OperatorClient.segment(client) + "/explain?" + act.query()
          + (retain ? "&retain=true" : "")
          + (bytes == null ? "" : "&bytes=" + bytes));
    }

    @Override
    void show(JsonNode answer, PrintStream out) {
      new Table("CLIENT", "SUBJECT", "ALLOWED", "RULE", "WHY")
          .row(
              answer.path("client"),
              answer.path("subject"),
              answer.path("allowed"),
              answer.path("rule"),
              answer.path("detail"))
          .print(out);
    }

    @Override
    int exitCode(JsonNode answer) {
      return answer.path("allowed").asBoolean() ? 0 : 1;
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
