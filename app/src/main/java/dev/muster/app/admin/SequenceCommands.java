/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.admin;

import com.fasterxml.jackson.databind.JsonNode;
import dev.muster.app.operator.OperatorClient;
import java.io.PrintStream;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** What is missing of a device, and how far its clock is off. */
final class SequenceCommands {
  private SequenceCommands() {}

  abstract static class OneDevice extends AdminAction {
    @Parameters(paramLabel = "DEVICE", description = "The device's id.")
    String device = "";

    String path(String what) {
      return "devices/" + OperatorClient.segment(device) + "/" + what;
    }
  }

  @Command(
      name = "gaps",
      description = "Which messages of a device have not come, by the sequence numbers of each of"
          + " its starts.")
  static final class Gaps extends OneDevice {
    @Override
    JsonNode ask(OperatorClient client) {
      return client.get(path("gaps"));
    }

    @Override
    void show(JsonNode answer, PrintStream out) {
      Table table = new Table("BOOT", "FIRST", "LAST", "MISSING", "LAST RECEIVED", "GAPS");
      answer
          .path("boots")
          .forEach(boot -> table.row(
              boot.path("boot"),
              boot.path("first"),
              boot.path("last"),
              boot.path("missing"),
              boot.path("lastReceivedAt"),
              shown(boot.path("gaps"))));
      table.print(out);
    }

    private static String shown(JsonNode gaps) {
      return StreamSupport.stream(gaps.spliterator(), false)
          .map(gap -> gap.path("from").asText()
              + (gap.path("from").equals(gap.path("to"))
                  ? ""
                  : "-" + gap.path("to").asText()))
          .collect(Collectors.joining(", "));
    }
  }

  @Command(name = "clock", description = "How far a device's clock is off, from its live messages.")
  static final class DeviceClock extends OneDevice {
    @Override
    JsonNode ask(OperatorClient client) {
      return client.get(path("clock"));
    }

    @Override
    void show(JsonNode answer, PrintStream out) {
      JsonNode behind = answer.path("secondsBehind");
      if (behind.isNull()) {
        out.println(device + ": not known; its newest messages carry no time of its clock");
        return;
      }
      out.println(device + ": " + Math.abs(behind.asDouble()) + " s "
          + (behind.asDouble() < 0 ? "ahead" : "behind") + ", by "
          + answer.path("messages").asInt()
          + " of " + answer.path("of").asInt() + " messages");
    }
  }
}
