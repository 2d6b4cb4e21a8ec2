/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.admin;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.muster.app.UserError;
import dev.muster.app.operator.OperatorClient;
import java.io.PrintStream;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Who may sign in to the dashboard, and as what. */
@Command(
    name = "operators",
    description = "Who may sign in to the dashboard, and as what.",
    subcommands = {
      OperatorCommands.ListAll.class,
      OperatorCommands.Add.class,
      OperatorCommands.Link.class,
      OperatorCommands.ChangeRole.class,
      OperatorCommands.Remove.class,
      OperatorCommands.Sessions.class,
      OperatorCommands.EndSession.class,
      OperatorCommands.Tokens.class,
      OperatorCommands.RevokeToken.class
    })
final class OperatorCommands {
  private static final String ROLES = "viewer, operator, officer or admin";

  private OperatorCommands() {}

  private static String fleets(JsonNode named) {
    return named.isEmpty()
        ? "all"
        : StreamSupport.stream(named.spliterator(), false)
            .map(JsonNode::asText)
            .collect(Collectors.joining(", "));
  }

  private static ObjectNode withFleets(ObjectNode body, List<String> fleets) {
    ArrayNode list = body.putArray("fleets");
    fleets.forEach(list::add);
    return body;
  }

  private static String path(String name) {
    return "access/operators/" + OperatorClient.segment(name);
  }

  @Command(name = "list", description = "List the operators.")
  static final class ListAll extends AdminAction {
    @Override
    JsonNode ask(OperatorClient client) {
      return client.get("access/operators");
    }

    @Override
    void show(JsonNode answer, PrintStream out) {
      Table table = new Table("NAME", "ROLE", "FLEETS", "PASSWORD", "SINCE");
      answer
          .path("operators")
          .forEach(one -> table.row(
              one.path("name"),
              one.path("role"),
              JSON.getNodeFactory().textNode(fleets(one.path("fleets"))),
              JSON.getNodeFactory().textNode(one.path("ready").asBoolean() ? "chosen" : "not yet"),
              one.path("createdAt")));
      table.print(out);
    }
  }

  /** Answers with a link. */
  abstract static class Linking extends AdminAction {
    @Parameters(paramLabel = "NAME", description = "The operator's name.")
    String name = "";

    abstract JsonNode answer(OperatorClient client);

    @Override
    JsonNode ask(OperatorClient client) {
      ObjectNode answer = (ObjectNode) answer(client);
      return answer.put(
          "link", client.origin().resolve(answer.path("path").asText()).toString());
    }

    @Override
    void show(JsonNode answer, PrintStream out) {
      out.println(name + " chooses a password here, once within 24 hours:");
      out.println(answer.path("link").asText());
    }
  }

  @Command(name = "add", description = "Let somebody in; prints a link to choose a password by.")
  static final class Add extends Linking {
    @Option(
        names = "--role",
        defaultValue = "viewer",
        description = ROLES + " (default: ${DEFAULT-VALUE}).")
    String role = "viewer";

    @Option(
        names = "--fleet",
        paramLabel = "NAME",
        description = "A fleet to be limited to; again for another (default: all fleets).")
    List<String> fleets = List.of();

    @Override
    JsonNode answer(OperatorClient client) {
      ObjectNode body = JSON.createObjectNode().put("name", name).put("role", role);
      return client.post("access/operators", withFleets(body, fleets));
    }
  }

  @Command(name = "link", description = "Print a link by which an operator chooses a new password.")
  static final class Link extends Linking {
    @Override
    JsonNode answer(OperatorClient client) {
      return client.post(path(name) + "/link", JSON.createObjectNode());
    }
  }

  @Command(name = "role", description = "Give an operator another role, or other fleets.")
  static final class ChangeRole extends AdminAction {
    @Parameters(index = "0", paramLabel = "NAME", description = "The operator's name.")
    String name = "";

    @Parameters(index = "1", paramLabel = "ROLE", description = ROLES)
    String role = "";

    @Option(
        names = "--fleet",
        paramLabel = "NAME",
        description = "A fleet to be limited to; again for another (default: as before).")
    List<String> fleets = List.of();

    @Option(names = "--all-fleets", description = "Limited to no fleet any more.")
    boolean all;

    @Override
    JsonNode ask(OperatorClient client) {
      if (all && !fleets.isEmpty()) {
        throw new UserError("--all-fleets, --fleet: expected one of them");
      }
      ObjectNode body = JSON.createObjectNode().put("role", role);
      if (all || !fleets.isEmpty()) {
        withFleets(body, fleets);
      }
      return client.post(path(name) + "/role", body);
    }

    @Override
    void show(JsonNode answer, PrintStream out) {
      out.println(name + ": " + role);
    }
  }

  @Command(name = "remove", description = "Remove an operator; his sessions and tokens end.")
  static final class Remove extends AdminAction {
    @Parameters(paramLabel = "NAME", description = "The operator's name.")
    String name = "";

    @Override
    JsonNode ask(OperatorClient client) {
      return client.delete(path(name));
    }

    @Override
    void show(JsonNode answer, PrintStream out) {
      out.println(name + ": removed");
    }
  }

  @Command(name = "sessions", description = "Who is signed in, from where.")
  static final class Sessions extends AdminAction {
    @Override
    JsonNode ask(OperatorClient client) {
      return client.get("access/sessions");
    }

    @Override
    void show(JsonNode answer, PrintStream out) {
      Table table = new Table("ID", "OPERATOR", "ADDRESS", "SINCE", "LAST USED", "BROWSER");
      answer
          .path("sessions")
          .forEach(one -> table.row(
              one.path("id"),
              one.path("operator"),
              one.path("address"),
              one.path("since"),
              one.path("lastUsed"),
              one.path("browser")));
      table.print(out);
    }
  }

  @Command(name = "tokens", description = "List API tokens, without the tokens themselves.")
  static final class Tokens extends AdminAction {
    @Override
    JsonNode ask(OperatorClient client) {
      return client.get("access/tokens");
    }

    @Override
    void show(JsonNode answer, PrintStream out) {
      Table table = new Table("ID", "NAME", "OPERATOR", "ROLE", "SINCE", "ENDS");
      answer
          .path("tokens")
          .forEach(one -> table.row(
              one.path("id"),
              one.path("name"),
              one.path("operator"),
              one.path("role"),
              one.path("createdAt"),
              one.path("expiresAt")));
      table.print(out);
    }
  }

  /** Ends something that has an id. */
  abstract static class Ending extends AdminAction {
    private final String what;

    @Parameters(paramLabel = "ID", description = "Its id, as the list tells it.")
    String id = "";

    Ending(String what) {
      this.what = what;
    }

    @Override
    JsonNode ask(OperatorClient client) {
      return client.delete("access/" + what + "s/" + OperatorClient.segment(id));
    }

    @Override
    void show(JsonNode answer, PrintStream out) {
      out.println(what + " " + id + ": ended");
    }
  }

  @Command(name = "end-session", description = "Sign somebody out.")
  static final class EndSession extends Ending {
    EndSession() {
      super("session");
    }
  }

  @Command(name = "revoke-token", description = "End an API token.")
  static final class RevokeToken extends Ending {
    RevokeToken() {
      super("token");
    }
  }
}
