/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.admin;

import com.fasterxml.jackson.databind.JsonNode;
import dev.muster.app.operator.OperatorClient;
import java.io.PrintStream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** What a device has sent, as it came. */
final class MessageCommands {
  private MessageCommands() {}

  /** The newest, as there may be many. */
  abstract static class Newest extends SequenceCommands.OneDevice {
    @Option(
        names = "--limit",
        paramLabel = "N",
        defaultValue = "100",
        description = "So many at most, up to 1000 (default: ${DEFAULT-VALUE}).")
    int limit = 100;
  }

  @Command(name = "messages", description = "Messages of a device as they came.")
  static final class Messages extends Newest {
    @Override
    JsonNode ask(OperatorClient client) {
      return client.get(path("messages") + "?limit=" + limit);
    }

    @Override
    void show(JsonNode answer, PrintStream out) {
      Table table = new Table("RECEIVED", "STREAM", "BOOT", "SEQUENCE", "PAYLOAD");
      answer
          .path("messages")
          .forEach(one -> table.row(
              one.path("receivedAt"),
              one.path("stream"),
              one.path("boot"),
              one.path("sequence"),
              one.path("payload")));
      table.print(out);
    }
  }

  @Command(name = "raw", description = "Values of a device as they came, of one stream and metric.")
  static final class Raw extends Newest {
    @Option(names = "--stream", required = true, paramLabel = "NAME", description = "Of it.")
    String stream = "";

    @Option(names = "--metric", required = true, paramLabel = "NAME", description = "Of it.")
    String metric = "";

    @Override
    JsonNode ask(OperatorClient client) {
      return client.get(path("telemetry/raw") + "?limit=" + limit + "&stream="
          + OperatorClient.segment(stream) + "&metric=" + OperatorClient.segment(metric));
    }

    @Override
    void show(JsonNode answer, PrintStream out) {
      Table table = new Table("TIME", "VALUE", "MESSAGE");
      answer
          .path("values")
          .forEach(one -> table.row(one.path("time"), one.path("value"), one.path("message")));
      table.print(out);
    }
  }
}
