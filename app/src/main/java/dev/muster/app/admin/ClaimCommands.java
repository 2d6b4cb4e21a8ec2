/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.admin;

import com.fasterxml.jackson.databind.JsonNode;
import dev.muster.app.config.Durations;
import dev.muster.app.operator.OperatorClient;
import java.io.PrintStream;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Tokens that let devices in once. */
@Command(
    name = "claims",
    description = "Claim tokens: each lets one device in, once.",
    subcommands = {
      ClaimCommands.Create.class,
      ClaimCommands.ListAll.class,
      ClaimCommands.Revoke.class,
      ClaimCommands.Require.class
    })
final class ClaimCommands {
  @Command(
      name = "create",
      description =
          "Make claim tokens; they are shown now, and never again. A device sends its token as password of HTTP Basic.")
  static final class Create extends AdminAction {
    @Parameters(paramLabel = "MANUFACTURER", description = "Whose devices the tokens are for.")
    String manufacturer = "";

    @Option(
        names = "--serial",
        paramLabel = "SN",
        description =
            "The one device it is for, which then needs no IDevID (default: any with an IDevID).")
    @Nullable String serial;

    @Option(
        names = "--valid-for",
        paramLabel = "DURATION",
        converter = Durations.class,
        defaultValue = "7d",
        description = "How long they may be used (default: ${DEFAULT-VALUE}).")
    Duration validFor = Duration.ofDays(7);

    @Option(
        names = "--count",
        paramLabel = "N",
        defaultValue = "1",
        description = "How many, up to 1000 (default: ${DEFAULT-VALUE}).")
    int count = 1;

    @Override
    JsonNode ask(OperatorClient client) {
      return client.postOnce(
          "claims",
          JSON.createObjectNode()
              .put("manufacturer", manufacturer)
              .put("serial", serial)
              .put("validForSeconds", (int) Math.min(Integer.MAX_VALUE, validFor.toSeconds()))
              .put("count", count));
    }

    @Override
    void show(JsonNode answer, PrintStream out) {
      Table table = new Table("ID", "SERIAL", "EXPIRES", "TOKEN");
      answer
          .path("claims")
          .forEach(claim -> table.row(
              claim.path("id"),
              claim.path("serial"),
              claim.path("expiresAt"),
              claim.path("token")));
      table.print(out);
    }
  }

  @Command(name = "list", description = "List claim tokens, without the tokens themselves.")
  static final class ListAll extends AdminAction {
    @Parameters(paramLabel = "MANUFACTURER", description = "Whose devices the tokens are for.")
    String manufacturer = "";

    @Override
    JsonNode ask(OperatorClient client) {
      return DeviceCommands.allPages(
          client,
          "claims?limit=500&manufacturer=" + OperatorClient.segment(manufacturer),
          "claims");
    }

    @Override
    void show(JsonNode answer, PrintStream out) {
      Table table = new Table("ID", "SERIAL", "STATE", "EXPIRES", "USED BY");
      answer
          .path("claims")
          .forEach(claim -> table.row(
              claim.path("id"),
              claim.path("serial"),
              claim.path("state"),
              claim.path("expiresAt"),
              claim.path("usedBy")));
      table.print(out);
    }
  }

  @Command(name = "revoke", description = "Take an unused claim token back.")
  static final class Revoke extends AdminAction {
    @Parameters(paramLabel = "ID", description = "Id of the token, as list shows it.")
    String id = "";

    @Override
    JsonNode ask(OperatorClient client) {
      return client.post(
          "claims/" + OperatorClient.segment(id) + "/revoke", JSON.createObjectNode());
    }

    @Override
    void show(JsonNode answer, PrintStream out) {
      out.println("claim " + id + ": " + answer.path("state").asText());
    }
  }

  @Command(
      name = "require",
      description = "Have a manufacturer's devices show a claim token besides their IDevID.")
  static final class Require extends AdminAction {
    @Parameters(paramLabel = "MANUFACTURER", description = "Whose devices need one.")
    String manufacturer = "";

    @Option(names = "--off", description = "Let the IDevID be enough again.")
    boolean off;

    @Override
    JsonNode ask(OperatorClient client) {
      return client.post(
          "manufacturers/" + OperatorClient.segment(manufacturer) + "/policy",
          JSON.createObjectNode().put("claimRequired", !off));
    }

    @Override
    void show(JsonNode answer, PrintStream out) {
      out.println("manufacturer " + manufacturer + ": claim tokens "
          + (answer.path("claimRequired").asBoolean() ? "required" : "not required"));
    }
  }
}
