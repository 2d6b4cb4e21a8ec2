/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.admin;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.muster.app.operator.OperatorClient;
import java.io.PrintStream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** How the whole of it is. */
final class StateCommands {
  private StateCommands() {}

  /** An object, a line for each member. */
  abstract static class Fields extends AdminAction {
    @Override
    void show(JsonNode answer, PrintStream out) {
      Table table = new Table("FIELD", "VALUE");
      answer.properties().forEach(field -> table.row(field.getKey(), field.getValue()));
      table.print(out);
    }
  }

  @Command(name = "health", description = "What is not well now; exit code 1 if anything is not.")
  static final class Health extends Fields {
    @Mixin
    Watching watching = new Watching();

    @Override
    Watching watching() {
      return watching;
    }

    @Override
    JsonNode ask(OperatorClient client) {
      return client.get("health");
    }

    @Override
    int exitCode(JsonNode answer) {
      return answer.path("status").asText().equals("well") ? 0 : 1;
    }
  }

  @Command(
      name = "summary",
      description = "The fleet in numbers: devices, certificates by their end, messages.")
  static final class Summary extends Fields {
    @Mixin
    Watching watching = new Watching();

    @Override
    Watching watching() {
      return watching;
    }

    @Override
    JsonNode ask(OperatorClient client) {
      ObjectNode whole = JSON.createObjectNode();
      // The enrollment service and the broker, of which one may run elsewhere.
      add(whole, client, "identities");
      add(whole, client, "traffic");
      return whole;
    }

    private static void add(ObjectNode whole, OperatorClient client, String part) {
      client
          .find("summary/" + part)
          .ifPresent(answer ->
              answer.properties().forEach(field -> whole.set(field.getKey(), field.getValue())));
    }
  }

  @Command(name = "whoami", description = "Who asks, as the server sees it, and what he may do.")
  static final class WhoAmI extends Fields {
    @Override
    JsonNode ask(OperatorClient client) {
      return client.get("access/session");
    }
  }

  @Command(
      name = "policy",
      description = "The policy that the broker follows now; muster policy preview shows who would"
          + " lose what by another.")
  static final class Policy extends AdminAction {
    @Override
    JsonNode ask(OperatorClient client) {
      return client.get("policy");
    }

    @Override
    void show(JsonNode answer, PrintStream out) {
      out.println("# " + answer.path("file").asText());
      if (answer.hasNonNull("problem")) {
        out.println("# the file is not followed: " + answer.path("problem").asText());
      }
      out.println(answer.path("text").asText().stripTrailing());
    }
  }
}
