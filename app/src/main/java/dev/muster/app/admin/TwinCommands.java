/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.admin;

import com.fasterxml.jackson.databind.JsonNode;
import dev.muster.app.operator.OperatorClient;
import java.io.PrintStream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** What devices should be like, and what they say they are like. */
@Command(
    name = "twin",
    description = "What a device should be like, and what it says it is like.",
    subcommands = {TwinCommands.Show.class, TwinCommands.Set.class})
final class TwinCommands {
  abstract static class OneTwin extends AdminAction {
    @Parameters(paramLabel = "DEVICE", description = "The device's id.")
    String device = "";

    String path() {
      return "devices/" + OperatorClient.segment(device) + "/twin";
    }

    @Override
    void show(JsonNode answer, PrintStream out) {
      new Table("PART", "VERSION", "CHANGED", "CONTENT")
          .row(
              "desired",
              answer.path("desiredVersion"),
              answer.path("desiredAt"),
              answer.path("desired"))
          .row(
              "reported",
              answer.path("reportedVersion"),
              answer.path("reportedAt"),
              answer.path("reported"))
          .row("delta", answer.path("appliedVersion"), "-", answer.path("delta"))
          .print(out);
    }
  }

  @Command(
      name = "show",
      description = "Show a device's twin; the version of delta is the one it has taken over.")
  static final class Show extends OneTwin {
    @Override
    JsonNode ask(OperatorClient client) {
      return client.get(path());
    }
  }

  @Command(
      name = "set",
      description = "Say what a device should be like; it hears of it at once, or when it is back.")
  static final class Set extends OneTwin {
    @Parameters(
        index = "1",
        paramLabel = "JSON",
        converter = JsonArgument.class,
        description = "What to change: null removes a member (RFC 7396, JSON merge patch).")
    JsonNode change = JSON.nullNode();

    @Option(names = "--replace", description = "JSON is all of it, rather than a change.")
    boolean replace;

    @Option(
        names = "--if-version",
        paramLabel = "N",
        description = "Only if this is still the version of desired.")
    @Nullable Long ifVersion;

    @Override
    JsonNode ask(OperatorClient client) {
      String path = ifVersion == null ? path() : path() + "?ifVersion=" + ifVersion;
      return replace ? client.put(path, change) : client.patch(path, change);
    }
  }
}
