/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.admin;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.muster.app.UserError;
import dev.muster.app.operator.OperatorClient;
import java.io.PrintStream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Our CAs, and how one follows the other. */
@Command(
    name = "authorities",
    description = "The CAs: which there are, and how one follows the other.",
    subcommands = {AuthorityCommands.ListAll.class, AuthorityCommands.RollOver.class})
final class AuthorityCommands {
  @Command(name = "list", description = "List all CAs, those that have ended too.")
  static final class ListAll extends AdminAction {
    @Override
    JsonNode ask(OperatorClient client) {
      return client.get("authorities");
    }

    @Override
    void show(JsonNode answer, PrintStream out) {
      Table table = new Table("ID", "STATE", "SINCE", "UNDER", "ENDS");
      answer
          .path("authorities")
          .forEach(a -> table.row(
              a.path("id"),
              a.path("state"),
              a.path("since"),
              a.path("parent"),
              a.path("notAfter")));
      table.print(out);
    }
  }

  @Command(
      name = "roll-over",
      description = "Make the next CA of a kind. It is made known first, and used after a while; "
          + "devices then renew from the old one to it.")
  static final class RollOver extends AdminAction {
    @Parameters(
        paramLabel = "KIND",
        description =
            "device, service or root; in an emergency also the id of an issuing CA, as device-2 (the"
                + " first is device-1).")
    String kind = "";

    @Option(names = "--now", description = "Use it at once; a prepared one, if there is one.")
    boolean now;

    @Option(
        names = "--emergency",
        description = "The key of the present CA is in other hands: revoke all that it has issued. "
            + "Devices enroll anew by themselves; programs need new certificates.")
    boolean emergency;

    @Option(
        names = "--reason",
        paramLabel = "REASON",
        description = "With --emergency: keyCompromise.")
    @Nullable String reason;

    @Override
    JsonNode ask(OperatorClient client) {
      if (emergency != (reason != null)) {
        throw new UserError("--emergency and --reason belong together");
      }
      ObjectNode body = JSON.createObjectNode().put("now", now).put("emergency", emergency);
      if (reason != null) {
        body.put("reason", reason);
      }
      return client.post("authorities/" + OperatorClient.segment(kind) + "/roll-over", body);
    }

    @Override
    void show(JsonNode answer, PrintStream out) {
      if (answer.has("compromised")) {
        out.println("authority " + answer.path("compromised").asText()
            + ": compromised, all that it has issued is revoked");
      }
      String from = answer.path("activeFrom").asText("");
      out.println("authority " + answer.path("id").asText() + ": "
          + answer.path("state").asText()
          + (answer.path("activeFrom").isTextual() ? ", active from " + from : ""));
    }
  }
}
