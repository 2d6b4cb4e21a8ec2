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

/** The certificates that were issued. */
@Command(
    name = "certificates",
    description = "The certificates that were issued.",
    subcommands = {
      CertificateCommands.ListAll.class,
      CertificateCommands.Show.class,
      CertificateCommands.Revoke.class,
      CertificateCommands.Hold.class,
      CertificateCommands.Unhold.class,
      IssueCommand.class,
      RenewNowCommand.class,
      CertificateCommands.RenewalOrders.class
    })
final class CertificateCommands {
  @Command(name = "list", description = "List certificates.")
  static final class ListAll extends AdminAction {
    @Option(names = "--device", paramLabel = "ID", description = "Those of one device only.")
    @Nullable String device;

    @Override
    JsonNode ask(OperatorClient client) {
      String filter = device == null ? "" : "&device=" + OperatorClient.segment(device);
      return DeviceCommands.allPages(client, "certificates?limit=500" + filter, "certificates");
    }

    @Override
    void show(JsonNode answer, PrintStream out) {
      Table table = new Table("SERIAL", "STATUS", "SUBJECT", "ENDS");
      answer
          .path("certificates")
          .forEach(c ->
              table.row(c.path("serial"), c.path("status"), c.path("subject"), c.path("notAfter")));
      table.print(out);
    }
  }

  @Command(name = "show", description = "Show one certificate.")
  static final class Show extends OneCertificate {
    @Override
    JsonNode ask(OperatorClient client) {
      return client.get(path());
    }

    @Override
    void show(JsonNode answer, PrintStream out) {
      Table table = new Table("FIELD", "VALUE");
      answer.properties().stream()
          .filter(field -> !field.getKey().equals("certificate"))
          .forEach(field -> table.row(field.getKey(), field.getValue()));
      table.print(out);
    }
  }

  @Command(
      name = "revoke",
      description = "Revoke a certificate for good; live sessions with it are cut.")
  static final class Revoke extends Change {
    @Option(
        names = "--reason",
        paramLabel = "REASON",
        defaultValue = "unspecified",
        description =
            "RFC 5280 reason: unspecified, keyCompromise, cACompromise, affiliationChanged, "
                + "superseded, cessationOfOperation, privilegeWithdrawn, aACompromise (default: "
                + "${DEFAULT-VALUE}).")
    String reason = "unspecified";

    @Option(
        names = "--since",
        paramLabel = "TIME",
        description = "With keyCompromise: since when the key may be in other hands, such as "
            + "2026-01-31T12:00:00Z.")
    @Nullable String since;

    Revoke() {
      super("revoke");
    }

    @Override
    JsonNode ask(OperatorClient client) {
      return client.post(
          path() + "/revoke", JSON.createObjectNode().put("reason", reason).put("since", since));
    }
  }

  @Command(name = "hold", description = "Suspend a certificate; unhold gives it back.")
  static final class Hold extends Change {
    Hold() {
      super("hold");
    }
  }

  @Command(name = "unhold", description = "Give a suspended certificate back.")
  static final class Unhold extends Change {
    Unhold() {
      super("unhold");
    }
  }

  @Command(name = "renewal-orders", description = "What renew-now has ordered.")
  static final class RenewalOrders extends AdminAction {
    @Override
    JsonNode ask(OperatorClient client) {
      return client.get("certificates/renew-now");
    }

    @Override
    void show(JsonNode answer, PrintStream out) {
      Table table = new Table("OPENS", "CLOSES", "ISSUED BEFORE", "FLEET", "ISSUER");
      answer
          .path("orders")
          .forEach(one -> table.row(
              one.path("opens"),
              one.path("closes"),
              one.path("issuedBefore"),
              one.path("fleet"),
              one.path("issuer")));
      table.print(out);
    }
  }

  abstract static class OneCertificate extends AdminAction {
    @Parameters(paramLabel = "SERIAL", description = "The certificate's serial number, in hex.")
    String serial = "";

    String path() {
      return "certificates/" + OperatorClient.segment(serial);
    }
  }

  abstract static class Change extends OneCertificate {
    private final String verb;

    Change(String verb) {
      this.verb = verb;
    }

    @Override
    JsonNode ask(OperatorClient client) {
      return client.post(path() + "/" + verb, JSON.createObjectNode());
    }

    @Override
    void show(JsonNode answer, PrintStream out) {
      out.println("certificate " + answer.path("serial").asText(serial) + ": "
          + answer.path("status").asText() + ", on CRL number "
          + answer.path("crlNumber").asText());
      answer
          .path("also")
          .forEach(also ->
              out.println("certificate " + also.asText() + ": the same, as it led to that one"));
      answer
          .path("stillLive")
          .forEach(live ->
              out.println("certificate " + live.asText() + ": of the same holder, and still good"));
      if (answer.path("brokers").isEmpty()) {
        out.println("no broker has confirmed yet; each fetches the CRL by itself");
      }
      answer
          .path("brokers")
          .forEach(broker -> out.println("broker " + broker.path("broker").asText() + ": cut "
              + broker.path("cut").asInt() + " sessions in "
              + broker.path("tookMs").asLong() + " ms, "
              + broker.path("remaining").asInt() + " remaining"));
    }
  }
}
