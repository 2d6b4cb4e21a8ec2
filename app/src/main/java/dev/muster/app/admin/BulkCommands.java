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
import dev.muster.protocol.identity.Quoted;
import java.io.PrintStream;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/**
 * Orders for many devices at once. Without {@code --devices} an order is looked at, no more:
 * whoever gives it says how many devices he means.
 */
@Command(
    name = "bulk",
    description = "Change many devices at once, and see what became of each.",
    subcommands = {
      BulkCommands.Tag.class,
      BulkCommands.Group.class,
      BulkCommands.Retire.class,
      BulkCommands.Revoke.class,
      BulkCommands.ListJobs.class,
      BulkCommands.Show.class,
      BulkCommands.Cancel.class
    })
final class BulkCommands {
  private static final int SHOWN_DIGITS = 12;
  private static final String SEVERAL = "0..*";

  private BulkCommands() {}

  /** An order, and the devices it is for: by id, or by what they are. */
  abstract static class BulkAction extends DeviceCommands.Chosen {
    private final String work;

    @Option(
        names = "--id",
        paramLabel = "DEVICE",
        description = "This device; may be repeated, in place of all that follows.")
    List<String> ids = List.of();

    @Option(names = "--prefix", paramLabel = "TEXT", description = "Only those whose id begins so.")
    @Nullable String prefix;

    @Option(
        names = "--all",
        description = "All devices; needed if nothing else says which are meant.")
    boolean all;

    @Option(
        names = "--confirm",
        paramLabel = "N-DIGEST",
        description =
            "Which devices are meant, as the preview told; without it nothing is changed.")
    @Nullable String confirmed;

    BulkAction(String work) {
      this.work = work;
    }

    abstract void describe(ObjectNode order);

    @Override
    final JsonNode ask(OperatorClient client) {
      ObjectNode order = selection();
      if (confirmed == null) {
        return client.post("bulk/preview", order);
      }
      if (!confirmed.matches("[0-9]{1,5}-[0-9a-f]{12,64}")) {
        throw new UserError("--confirm: " + Quoted.of(confirmed)
            + " (expected: what the preview told, such as 214-3f9a2c1b0d4e)");
      }
      describe(order);
      String[] parts = confirmed.split("-");
      return client.postOnce(
          "bulk/" + work, order.put("devices", Integer.parseInt(parts[0])).put("digest", parts[1]));
    }

    private ObjectNode selection() {
      ObjectNode order = JSON.createObjectNode();
      ObjectNode query = query();
      if (!ids.isEmpty()) {
        if (!query.isEmpty() || all) {
          throw new UserError("--id: beside others (expected: ids, or what devices are)");
        }
        ArrayNode list = order.putArray("ids");
        ids.forEach(list::add);
        return order;
      }
      if (query.isEmpty() != all) {
        throw new UserError(
            "devices: none chosen, or all and some (expected: --id, --fleet, --status, --tag,"
                + " --group, --manufacturer, --prefix, --is, --seen, --cert-expires, --query; or"
                + " --all)");
      }
      order.set("query", query);
      return order;
    }

    private ObjectNode query() {
      ObjectNode query = JSON.createObjectNode();
      put(query, "fleet", fleet);
      put(query, "status", status);
      put(query, "manufacturer", manufacturer);
      put(query, "group", group);
      put(query, "prefix", prefix);
      put(query, "is", is);
      put(query, "q", words);
      put(query, "tag", tags);
      put(query, "seen", seen);
      put(query, "cert.expires", certificateEnds);
      return query;
    }

    private static void put(ObjectNode query, String name, @Nullable String value) {
      if (value != null) {
        query.put(name, value);
      }
    }

    private static void put(ObjectNode query, String name, List<String> values) {
      if (!values.isEmpty()) {
        query.set(name, list(values));
      }
    }

    static ArrayNode list(List<String> texts) {
      ArrayNode list = JSON.createArrayNode();
      texts.forEach(list::add);
      return list;
    }

    @Override
    void show(JsonNode answer, PrintStream out) {
      if (confirmed != null) {
        showJob(answer, out);
        return;
      }
      Table table = new Table("FIELD", "VALUE");
      table.row("devices", answer.path("devices"));
      table.row("ids that no device has", answer.path("unknown"));
      table.row("by status", answer.path("status"));
      table.row("live certificates", answer.path("certificates"));
      table.row("the first", answer.path("sample"));
      table.print(out);
      out.println("nothing is changed; to do so: --confirm "
          + (answer.path("devices").asInt() + answer.path("unknown").asInt()) + "-"
          + answer.path("digest").asText().substring(0, SHOWN_DIGITS));
    }
  }

  private static void showJob(JsonNode job, PrintStream out) {
    Table table = new Table("FIELD", "VALUE");
    for (String field :
        List.of("id", "work", "order", "state", "orderedBy", "createdAt", "endedAt", "devices")) {
      table.row(field, job.path(field));
    }
    job.path("results").properties().forEach(one -> table.row(one.getKey(), one.getValue()));
    table.print(out);
  }

  @Command(name = "tag", description = "Give devices tags, or take some from them.")
  static final class Tag extends BulkAction {
    @Parameters(arity = SEVERAL, paramLabel = "NAME=VALUE", description = "Tags to set.")
    List<String> set = List.of();

    @Option(
        names = "--remove",
        paramLabel = "NAME",
        description = "A tag to take; may be repeated.")
    List<String> remove = List.of();

    Tag() {
      super("tags");
    }

    @Override
    void describe(ObjectNode order) {
      ObjectNode wanted = order.putObject("set");
      for (String tag : set) {
        int equals = tag.indexOf('=');
        if (equals < 1) {
          throw new UserError("tag: \"" + tag + "\" (expected: NAME=VALUE)");
        }
        wanted.put(tag.substring(0, equals), tag.substring(equals + 1));
      }
      order.set("remove", list(remove));
    }
  }

  @Command(name = "group", description = "Put devices into groups, or take them out.")
  static final class Group extends BulkAction {
    @Parameters(arity = SEVERAL, paramLabel = "GROUP", description = "Groups to put them into.")
    List<String> add = List.of();

    @Option(
        names = "--remove",
        paramLabel = "GROUP",
        description = "A group to take them out of; may be repeated.")
    List<String> remove = List.of();

    Group() {
      super("groups");
    }

    @Override
    void describe(ObjectNode order) {
      order.set("add", list(add));
      order.set("remove", list(remove));
    }
  }

  @Command(name = "retire", description = "Revoke devices' certificates, and keep them out.")
  static final class Retire extends BulkAction {
    Retire() {
      super("retire");
    }

    @Override
    void describe(ObjectNode order) {
      // Nothing else is to be said.
    }
  }

  @Command(name = "revoke", description = "Revoke all live certificates of devices.")
  static final class Revoke extends BulkAction {
    @Option(names = "--reason", paramLabel = "REASON", description = "As RFC 5280 calls it.")
    @Nullable String reason;

    Revoke() {
      super("revoke");
    }

    @Override
    void describe(ObjectNode order) {
      order.put("reason", reason);
    }
  }

  @Command(name = "list", description = "List bulk jobs, the newest first.")
  static final class ListJobs extends AdminAction {
    @Mixin
    Watching watching = new Watching();

    @Override
    Watching watching() {
      return watching;
    }

    @Override
    JsonNode ask(OperatorClient client) {
      return DeviceCommands.allPages(client, "bulk?limit=100", "jobs");
    }

    @Override
    void show(JsonNode answer, PrintStream out) {
      Table table =
          new Table("JOB", "WORK", "STATE", "DEVICES", "WAITING", "REFUSED", "BY", "SINCE");
      answer
          .path("jobs")
          .forEach(job -> table.row(
              job.path("id"),
              job.path("work"),
              job.path("state"),
              job.path("devices"),
              job.at("/results/waiting"),
              job.at("/results/refused"),
              job.path("orderedBy"),
              job.path("createdAt")));
      table.print(out);
    }
  }

  abstract static class OneJob extends AdminAction {
    @Parameters(index = "0", paramLabel = "JOB", description = "The job's id.")
    String job = "";

    final String path() {
      return "bulk/" + OperatorClient.segment(job);
    }
  }

  @Command(name = "show", description = "How far a job is, and what became of each device.")
  static final class Show extends OneJob {
    @Mixin
    Watching watching = new Watching();

    @Override
    Watching watching() {
      return watching;
    }

    @Option(
        names = "--state",
        paramLabel = "STATE",
        description = "Only devices that are waiting, done, unchanged, refused or cancelled.")
    @Nullable String state;

    @Override
    JsonNode ask(OperatorClient client) {
      ObjectNode whole = (ObjectNode) client.get(path());
      String results = path() + "/results?limit=500"
          + (state == null ? "" : "&state=" + OperatorClient.segment(state));
      whole.set("each", DeviceCommands.allPages(client, results, "results").path("results"));
      return whole;
    }

    @Override
    void show(JsonNode answer, PrintStream out) {
      showJob(answer, out);
      out.println();
      Table table = new Table("DEVICE", "RESULT", "DETAIL");
      answer
          .path("each")
          .forEach(one -> table.row(one.path("device"), one.path("state"), one.path("detail")));
      table.print(out);
    }

    @Override
    boolean isOver(JsonNode answer) {
      return !answer.path("state").asText().equals("running");
    }

    @Override
    int exitCode(JsonNode answer) {
      return answer.at("/results/refused").asInt() == 0 ? 0 : 1;
    }
  }

  @Command(name = "cancel", description = "Leave out the devices whose turn has not come.")
  static final class Cancel extends OneJob {
    @Override
    JsonNode ask(OperatorClient client) {
      return client.post(path() + "/cancel", JSON.createObjectNode());
    }

    @Override
    void show(JsonNode answer, PrintStream out) {
      showJob(answer, out);
    }
  }
}
