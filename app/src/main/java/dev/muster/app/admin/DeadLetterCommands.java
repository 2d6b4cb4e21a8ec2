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
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Messages that were acknowledged and kept aside. */
@Command(
    name = "dead-letters",
    description = "Messages that were acknowledged and kept aside: they could not be read, or claim"
        + " to be of the future.",
    subcommands = {
      DeadLetterCommands.ListAll.class,
      DeadLetterCommands.Show.class,
      DeadLetterCommands.Export.class,
      DeadLetterCommands.Replay.class,
      DeadLetterCommands.Discard.class
    })
final class DeadLetterCommands {
  private static final String LETTERS = "deadLetters";

  private static String path(String id) {
    return "dead-letters/" + OperatorClient.segment(id);
  }

  private static String list(@Nullable String device) {
    return "dead-letters?limit=1000"
        + (device == null ? "" : "&device=" + OperatorClient.segment(device));
  }

  @Command(name = "list", description = "List them, the newest first.")
  static final class ListAll extends AdminAction {
    @Option(names = "--device", paramLabel = "DEVICE", description = "Of one device only.")
    @Nullable String device;

    @Override
    JsonNode ask(OperatorClient client) {
      return DeviceCommands.allPages(client, list(device), LETTERS);
    }

    @Override
    void show(JsonNode answer, PrintStream out) {
      Table table =
          new Table("ID", "RECEIVED", "DEVICE", "STREAM", "BYTES", "HELD UNTIL", "REASON");
      answer
          .path(LETTERS)
          .forEach(letter -> table.row(
              letter.path("id"),
              letter.path("receivedAt"),
              letter.path("device"),
              letter.path("stream"),
              letter.path("bytes"),
              letter.path("due"),
              letter.path("reason")));
      table.print(out);
    }
  }

  @Command(name = "show", description = "Show one, with what the device has sent.")
  static final class Show extends AdminAction {
    @Parameters(paramLabel = "ID", description = "As listed.")
    String id = "";

    @Override
    JsonNode ask(OperatorClient client) {
      return client.get(path(id));
    }

    @Override
    void show(JsonNode answer, PrintStream out) {
      Table table = new Table("FIELD", "VALUE");
      answer.properties().stream()
          .filter(field -> !field.getKey().equals("payloadBase64"))
          .forEach(field -> table.row(field.getKey(), field.getValue()));
      table.print(out);
    }
  }

  @Command(
      name = "export",
      description = "Write them to a file, the newest first: a JSON object per line, the payload in"
          + " base64.")
  static final class Export extends AdminAction {
    @Option(names = "--device", paramLabel = "DEVICE", description = "Of one device only.")
    @Nullable String device;

    @Option(names = "--out", paramLabel = "FILE", required = true, description = "A new file.")
    Path out = Path.of("dead-letters.ndjson");

    @Override
    JsonNode ask(OperatorClient client) {
      int count = 0;
      try (BufferedWriter file = Files.newBufferedWriter(out)) {
        String after = "";
        while (after != null) {
          JsonNode page = client.get(list(device) + "&payload=true" + after);
          for (JsonNode letter : page.path(LETTERS)) {
            file.append(letter.toString()).append('\n');
            count++;
          }
          after = page.path("next").isTextual() ? "&after=" + page.path("next").asText() : null;
        }
      } catch (IOException e) {
        throw new UserError(out + ": cannot be written (" + e.getMessage() + ")");
      }
      return JSON.createObjectNode().put("letters", count).put("file", out.toString());
    }

    @Override
    void show(JsonNode answer, PrintStream print) {
      print.println(answer.path("letters").asLong() + " dead letters written to " + out);
    }
  }

  /** Which ones; never all by omission. */
  static final class Chosen {
    @Parameters(paramLabel = "ID", arity = "1..*", description = "As listed.")
    @Nullable List<String> ids;

    @Option(names = "--device", paramLabel = "DEVICE", description = "All of a device.")
    @Nullable String device;

    @Option(names = "--all", description = "All there are.")
    boolean all;

    List<String> ids(OperatorClient client) {
      if (ids != null && !ids.isEmpty()) {
        return ids;
      }
      List<String> listed = new ArrayList<>();
      DeviceCommands.allPages(client, list(device), LETTERS)
          .path(LETTERS)
          // The oldest first, as they came.
          .forEach(letter -> listed.add(0, letter.path("id").asText()));
      return listed;
    }
  }

  abstract static class OfChosen extends AdminAction {
    @ArgGroup(multiplicity = "1")
    Chosen chosen = new Chosen();

    abstract JsonNode of(OperatorClient client, String id);

    @Override
    JsonNode ask(OperatorClient client) {
      ObjectNode answer = JSON.createObjectNode();
      ArrayNode outcomes = answer.putArray("outcomes");
      chosen.ids(client).forEach(id -> outcomes.add(of(client, id)));
      return answer;
    }

    @Override
    void show(JsonNode answer, PrintStream out) {
      Table table = new Table("ID", "OUTCOME", "REASON");
      answer
          .path("outcomes")
          .forEach(one -> table.row(one.path("id"), one.path("outcome"), one.path("reason")));
      table.print(out);
    }
  }

  @Command(
      name = "replay",
      description = "Read and store them anew; those that still cannot be read stay. A message held"
          + " because it claims to be of the future is stored as it is.")
  static final class Replay extends OfChosen {
    @Option(
        names = "--content-type",
        paramLabel = "TYPE",
        description = "What they are, for example application/cbor, whatever the device has said.")
    @Nullable String contentType;

    @Override
    JsonNode of(OperatorClient client, String id) {
      ObjectNode body = JSON.createObjectNode();
      if (contentType != null) {
        body.put("contentType", contentType);
      }
      return client.post(path(id) + "/replay", body);
    }
  }

  @Command(name = "discard", description = "Let them go for good.")
  static final class Discard extends OfChosen {
    @Override
    JsonNode of(OperatorClient client, String id) {
      return client.post(path(id) + "/discard", JSON.createObjectNode());
    }
  }
}
