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
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** Tags and groups of devices. */
final class DeviceLabelCommands {
  private DeviceLabelCommands() {}

  @Command(name = "tag", description = "Give a device tags, in place of those of the same name.")
  static final class TagDevice extends LabelChange {
    @Parameters(index = "1", arity = "1..*", paramLabel = "NAME=VALUE", description = "The tags.")
    List<String> tags = List.of();

    TagDevice() {
      super("tags");
    }

    @Override
    ObjectNode change() {
      ObjectNode change = JSON.createObjectNode();
      ObjectNode set = change.putObject("set");
      for (String tag : tags) {
        int equals = tag.indexOf('=');
        if (equals < 1) {
          throw new UserError("tag: \"" + tag + "\" (expected: NAME=VALUE)");
        }
        set.put(tag.substring(0, equals), tag.substring(equals + 1));
      }
      return change;
    }
  }

  @Command(name = "untag", description = "Take tags from a device.")
  static final class Untag extends LabelChange {
    @Parameters(index = "1", arity = "1..*", paramLabel = "NAME", description = "The tags' names.")
    List<String> names = List.of();

    Untag() {
      super("tags");
    }

    @Override
    ObjectNode change() {
      return listed("remove", names);
    }
  }

  @Command(name = "group", description = "Put a device into groups.")
  static final class Group extends GroupChange {
    Group() {
      super("add");
    }
  }

  @Command(name = "ungroup", description = "Take a device out of groups.")
  static final class Ungroup extends GroupChange {
    Ungroup() {
      super("remove");
    }
  }

  @Command(name = "groups", description = "List the groups that have devices.")
  static final class Groups extends AdminAction {
    @Override
    JsonNode ask(OperatorClient client) {
      return client.get("groups");
    }

    @Override
    void show(JsonNode answer, PrintStream out) {
      Table table = new Table("GROUP", "DEVICES");
      answer.path("groups").forEach(g -> table.row(g.path("name"), g.path("devices")));
      table.print(out);
    }
  }

  abstract static class GroupChange extends LabelChange {
    private final String verb;

    @Parameters(index = "1", arity = "1..*", paramLabel = "GROUP", description = "The groups.")
    List<String> groups = List.of();

    GroupChange(String verb) {
      super("groups");
      this.verb = verb;
    }

    @Override
    ObjectNode change() {
      return listed(verb, groups);
    }
  }

  abstract static class LabelChange extends AdminAction {
    private final String kind;

    @Parameters(index = "0", paramLabel = "DEVICE", description = "The device's id.")
    String device = "";

    LabelChange(String kind) {
      this.kind = kind;
    }

    abstract ObjectNode change();

    static ObjectNode listed(String verb, List<String> names) {
      ObjectNode change = JSON.createObjectNode();
      ArrayNode list = change.putArray(verb);
      names.forEach(list::add);
      return change;
    }

    @Override
    JsonNode ask(OperatorClient client) {
      return client.post("devices/" + OperatorClient.segment(device) + "/" + kind, change());
    }

    @Override
    void show(JsonNode answer, PrintStream out) {
      Table table = new Table("FIELD", "VALUE");
      table.row("tags", answer.path("tags"));
      table.row("groups", answer.path("groups"));
      table.print(out);
    }
  }
}
