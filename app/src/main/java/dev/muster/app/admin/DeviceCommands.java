/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.admin;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import dev.muster.app.operator.OperatorClient;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The devices of the fleet. */
@Command(
    name = "devices",
    description = "The devices of the fleet.",
    subcommands = {
      DeviceCommands.ListAll.class,
      DeviceCommands.Export.class,
      DeviceCommands.Facets.class,
      DeviceCommands.Waiting.class,
      DeviceCommands.Decisions.class,
      DeviceCommands.Show.class,
      DeviceCommands.Approve.class,
      DeviceCommands.Refuse.class,
      DeviceCommands.Release.class,
      DeviceCommands.Retire.class,
      DeviceCommands.Transfer.class,
      DeviceCommands.History.class,
      DeviceCommands.Connections.class,
      DeviceLabelCommands.TagDevice.class,
      DeviceLabelCommands.Untag.class,
      DeviceLabelCommands.Group.class,
      DeviceLabelCommands.Ungroup.class,
      DeviceLabelCommands.Groups.class
    })
final class DeviceCommands {
  /** Devices by what they are. */
  abstract static class Chosen extends AdminAction {
    @Option(names = "--fleet", paramLabel = "FLEET", description = "Only those of this fleet.")
    @Nullable String fleet;

    @Option(
        names = "--status",
        paramLabel = "STATUS",
        description = "Only those that are pending, active, refused or retired.")
    @Nullable String status;

    @Option(
        names = "--manufacturer",
        paramLabel = "NAME",
        description = "Only those of this manufacturer.")
    @Nullable String manufacturer;

    @Option(
        names = "--tag",
        paramLabel = "NAME=VALUE",
        description = "Only those with this tag; with all of them if given again.")
    List<String> tags = List.of();

    @Option(names = "--group", paramLabel = "GROUP", description = "Only those in this group.")
    @Nullable String group;

    @Option(
        names = "--is",
        paramLabel = "STATE",
        description = "Only those that are online, are offline, or never were online.")
    @Nullable String is;

    @Option(
        names = "--seen",
        paramLabel = "SPAN",
        description = "Only those that were connected less (<1h) or more than (>7d) so long ago.")
    List<String> seen = List.of();

    @Option(
        names = "--cert-expires",
        paramLabel = "SPAN",
        description = "Only those whose certificate ends in less (<30d) or more (>30d) than that.")
    List<String> certificateEnds = List.of();

    @Option(
        names = "--query",
        paramLabel = "WORDS",
        description = "Only those that a search in the dashboard finds:"
            + " 'fleet:a seen<1h cert.expires<30d tag:site=berlin pump-'.")
    @Nullable String words;

    String chosen(String of) {
      StringBuilder path = new StringBuilder(of);
      filter(path, "fleet", fleet);
      filter(path, "status", status);
      filter(path, "manufacturer", manufacturer);
      filter(path, "group", group);
      filter(path, "is", is);
      filter(path, "q", words);
      tags.forEach(tag -> filter(path, "tag", tag));
      seen.forEach(span -> filter(path, "seen", span));
      certificateEnds.forEach(span -> filter(path, "cert.expires", span));
      return path.toString();
    }

    private static void filter(StringBuilder path, String name, @Nullable String value) {
      if (value != null) {
        path.append('&').append(name).append('=').append(OperatorClient.segment(value));
      }
    }
  }

  @Command(
      name = "facets",
      description = "How many devices are of which status, fleet and manufacturer, and have which"
          + " tag: the most frequent of each.")
  static final class Facets extends Chosen {
    @Mixin
    Watching watching = new Watching();

    @Override
    Watching watching() {
      return watching;
    }

    @Override
    JsonNode ask(OperatorClient client) {
      return client.get(chosen("facets/devices?"));
    }

    @Override
    void show(JsonNode answer, PrintStream out) {
      Table table = new Table("FACET", "VALUE", "DEVICES");
      for (String facet : List.of("status", "fleet", "manufacturer", "tag")) {
        answer.path(facet).forEach(one -> table.row(facet, one.path("value"), one.path("devices")));
      }
      table.print(out);
    }
  }

  /** Devices in some order. */
  abstract static class Sorted extends Chosen {
    @Option(
        names = "--sort",
        paramLabel = "ORDER",
        description = "By id (default), by when they were seen, or when their certificate ends:"
            + " id, seen, ends; -id, -seen, -ends for the greatest first.")
    @Nullable String sort;

    String sorted(String of) {
      return chosen(of) + (sort == null ? "" : "&sort=" + OperatorClient.segment(sort));
    }
  }

  @Command(
      name = "export",
      description = "Write devices with their tags and groups to a file, NDJSON or CSV.")
  static final class Export extends Sorted {
    @Option(names = "--csv", description = "Write CSV.")
    boolean csv;

    @Option(names = "--out", required = true, paramLabel = "FILE", description = "The file.")
    Path out = Path.of("");

    @Override
    JsonNode ask(OperatorClient client) {
      long bytes =
          client.download(sorted("export/devices?format=" + (csv ? "csv" : "ndjson")), out);
      return JSON.createObjectNode().put("file", out.toString()).put("bytes", bytes);
    }

    @Override
    void show(JsonNode answer, PrintStream print) {
      print.println(answer.path("bytes").asLong() + " bytes written to " + out);
    }
  }

  @Command(name = "list", description = "List devices.")
  static final class ListAll extends Sorted {
    @Mixin
    Watching watching = new Watching();

    @Override
    Watching watching() {
      return watching;
    }

    @Override
    JsonNode ask(OperatorClient client) {
      return allPages(client, sorted("devices?limit=500"), "devices");
    }

    @Override
    void show(JsonNode answer, PrintStream out) {
      Table table = new Table("DEVICE", "FLEET", "STATUS", "SERIAL", "CERTIFICATE", "ENDS", "SEEN");
      answer
          .path("devices")
          .forEach(d -> table.row(
              d.path("id"),
              d.path("fleet"),
              d.path("status"),
              d.path("serial"),
              d.path("certificateStatus"),
              d.path("notAfter"),
              d.path("online").asBoolean() ? TextNode.valueOf("online") : d.path("seenUntil")));
      table.print(out);
    }
  }

  @Command(name = "waiting", description = "List the keys that wait for a decision.")
  static final class Waiting extends AdminAction {
    @Mixin
    Watching watching = new Watching();

    @Override
    Watching watching() {
      return watching;
    }

    @Override
    JsonNode ask(OperatorClient client) {
      return allPages(client, "waiting?limit=500", "waiting");
    }

    @Override
    void show(JsonNode answer, PrintStream out) {
      Table table = new Table("DEVICE", "FLEET", "SERIAL", "KEY", "SINCE", "LAST SEEN", "WHY");
      answer
          .path("waiting")
          .forEach(w -> table.row(
              w.path("device"),
              w.path("fleet"),
              w.path("serial"),
              w.path("key"),
              w.path("since"),
              w.path("lastSeen"),
              w.path("reason")));
      table.print(out);
    }
  }

  @Command(
      name = "decisions",
      description = "Which keys operators have let in or refused, and why; the newest first.")
  static final class Decisions extends AdminAction {
    @Option(
        names = "--state",
        paramLabel = "STATE",
        description = "Only those that were approved, or refused.")
    @Nullable String state;

    @Override
    JsonNode ask(OperatorClient client) {
      String only = state == null ? "" : "&state=" + OperatorClient.segment(state);
      return allPages(client, "decisions?limit=500" + only, "decisions");
    }

    @Override
    void show(JsonNode answer, PrintStream out) {
      Table table = new Table("AT", "DEVICE", "FLEET", "STATE", "BY", "WAITED FOR", "REASON");
      answer
          .path("decisions")
          .forEach(d -> table.row(
              d.path("at"),
              d.path("device"),
              d.path("fleet"),
              d.path("state"),
              d.path("by"),
              d.path("waitedFor"),
              d.path("reason")));
      table.print(out);
    }
  }

  @Command(name = "show", description = "Show one device.")
  static final class Show extends OneDevice {
    @Override
    JsonNode ask(OperatorClient client) {
      ObjectNode device = (ObjectNode) client.get(path());
      // Of the broker, which may run elsewhere, and may never have seen it.
      client
          .find(path() + "/presence")
          .ifPresent(presence -> device.put(
              "presence",
              presence.path("state").asText() + " since "
                  + presence.path("since").asText() + ": "
                  + presence.path("reason").asText()));
      return device;
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

  @Command(
      name = "transfer",
      description =
          "Hand a device to another fleet: its certificates are revoked, it enrolls anew with its IDevID.")
  static final class Transfer extends Decision {
    @Option(
        names = "--to",
        required = true,
        paramLabel = "FLEET",
        description = "Whose it is from now on.")
    String to = "";

    @Option(
        names = "--approval",
        description =
            "Its next enrollment waits for an approval, rather than being let in at once.")
    boolean approval;

    Transfer() {
      super("transfer");
    }

    @Override
    ObjectNode details() {
      return super.details().put("to", to).put("approval", approval);
    }

    @Override
    void show(JsonNode answer, PrintStream out) {
      out.println("device " + device + ": of fleet " + answer.path("fleet").asText() + ", "
          + answer.path("revoked").asInt() + " certificates revoked");
    }
  }

  @Command(
      name = "history",
      description = "All that is known about a device: certificates, and what was done when.")
  static final class History extends OneDevice {
    @Override
    JsonNode ask(OperatorClient client) {
      ObjectNode whole = (ObjectNode) client.get(path() + "/history?limit=500");
      ArrayNode events = (ArrayNode) whole.path("events");
      JsonNode next = whole.path("next");
      while (!next.isNull() && !next.isMissingNode()) {
        JsonNode page = client.get(
            path() + "/history?limit=500&after=" + OperatorClient.segment(next.asText()));
        page.path("events").forEach(events::add);
        next = page.path("next");
      }
      whole.remove("next");
      return whole;
    }

    @Override
    void show(JsonNode answer, PrintStream out) {
      Table certificates = new Table("CERTIFICATE", "ISSUED", "ENDS", "STATUS", "REASON");
      answer
          .path("certificates")
          .forEach(c -> certificates.row(
              c.path("serial"),
              c.path("issuedAt"),
              c.path("notAfter"),
              c.path("status"),
              c.path("reason")));
      certificates.print(out);
      out.println();
      Table events = new Table("AT", "BY", "FROM", "ACTION", "DETAILS");
      answer
          .path("events")
          .forEach(e -> events.row(
              e.path("at"), e.path("actor"), e.path("from"), e.path("action"), e.path("details")));
      events.print(out);
    }
  }

  @Command(
      name = "connections",
      description = "When a device was connected, from where, and why no longer; the newest first.")
  static final class Connections extends OneDevice {
    @Override
    JsonNode ask(OperatorClient client) {
      return allPages(client, path() + "/connections?limit=1000", "connections");
    }

    @Override
    void show(JsonNode answer, PrintStream out) {
      Table table = new Table(
          "CONNECTED", "DISCONNECTED", "FROM", "MQTT", "TLS", "CIPHER", "CERTIFICATE", "REASON");
      answer
          .path("connections")
          .forEach(c -> table.row(
              c.path("connectedAt"),
              c.path("disconnectedAt"),
              c.path("address"),
              c.path("mqttVersion"),
              c.path("tls"),
              c.path("cipher"),
              c.path("certificateSerial"),
              c.path("reason")));
      table.print(out);
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

    @Option(
        names = "--reason",
        paramLabel = "TEXT",
        description = "Why, in one line; a device that is refused hears it.")
    @Nullable String reason;

    KeyDecision(String verb) {
      super(verb);
    }

    @Override
    ObjectNode details() {
      return super.details().put("key", key).put("reason", reason);
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
